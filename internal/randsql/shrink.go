package randsql

import "slices"

// Shrink returns a smaller case for which fails holds: fewer epochs, then fewer rows,
// then a smaller query, and so on while that helps. It tries at most so many cases.
func Shrink(c Case, tries int, fails func(Case) bool) Case {
	try := func(smaller Case) bool {
		if tries--; tries < 0 || !fails(smaller) {
			return false
		}
		c = smaller
		return true
	}
	for before := ""; before != c.Query && tries > 0; {
		before = c.Query
		fewerEpochs(&c, try)
		fewerRows(&c, try)
		smallerQueries(c.Query, func(q string) bool { return try(Case{q, c.Epochs}) })
	}
	return c
}

func fewerEpochs(c *Case, try func(Case) bool) {
	for i := 0; i < len(c.Epochs); {
		smaller := Case{c.Query, slices.Delete(slices.Clone(c.Epochs), i, i+1)}
		if !consistent(smaller) || !try(smaller) {
			i++
		}
	}
}

func fewerRows(c *Case, try func(Case) bool) {
	for changed := true; changed; {
		changed = false
		for i := range c.Epochs {
			for _, table := range Tables {
				for row := 0; row < len(c.Epochs[i][table]); {
					smaller := without(*c, i, table, row)
					if consistent(smaller) && try(smaller) {
						changed = true
					} else {
						row++
					}
				}
			}
		}
	}
}

func without(c Case, epoch int, table string, row int) Case {
	out := Case{Query: c.Query}
	for i, e := range c.Epochs {
		fresh := Epoch{}
		for t, rows := range e {
			if i == epoch && t == table {
				rows = slices.Delete(slices.Clone(rows), row, row+1)
			}
			fresh[t] = rows
		}
		out.Epochs = append(out.Epochs, fresh)
	}
	return out
}

// consistent reports that no row is taken back that is not there.
func consistent(c Case) bool {
	have := map[string]int{}
	for _, e := range c.Epochs {
		for table, rows := range e {
			if table == Versions {
				continue
			}
			for _, r := range rows {
				key := table + r[2:]
				if r[0] == '+' {
					have[key]++
				} else {
					have[key]--
				}
			}
		}
		for _, n := range have {
			if n < 0 {
				return false
			}
		}
	}
	return true
}
