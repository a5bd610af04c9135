package logical

import "slices"

// holdGroups lets groups that close come out when they do, and not before, wherever they lie
// below an EmitFinal: what is above them, windows of windows or joins of windows, then takes a
// group once instead of each change of it, and sees nothing taken back.
//
// It may where the EmitFinal stays what it is. A group that is held back is a change still to
// come that is not below the watermark of its column. If from that alone, as Watermarks derives
// it, the same watermark follows for the rows that the EmitFinal lets out, then no change still
// to come is of them.
func holdGroups(e *EmitFinal) *EmitFinal {
	which := map[string]FinalBy{} // by what the groups print
	out := e
	for _, g := range groupsThatClose(e.Input) {
		for _, by := range g.by {
			which[g.print] = by
			if in := hold(e.Input, which); e.staysAbove(in) {
				out = &EmitFinal{in, e.By}
				break
			}
			delete(which, g.print)
		}
	}
	return out
}

// staysAbove reports that the columns of an EmitFinal have the same watermarks in another input.
func (e *EmitFinal) staysAbove(in Node) bool {
	was, is := Watermarks(e.Input), Watermarks(in)
	for _, by := range e.By {
		a, b := by.among(was), by.among(is)
		if a == nil || b == nil || a.Padded != b.Padded {
			return false
		}
	}
	return true
}

// among finds the watermark of the column that is the same one.
func (by FinalBy) among(marks []Watermark) *Watermark {
	for i, w := range marks {
		if w.Column() == by.Column && len(w.Of) == len(by.Until) && len(least(w.Of, by.Until)) == len(w.Of) {
			return &marks[i]
		}
	}
	return nil
}

// changingGroups are groups that change until they close, by any of some columns.
type changingGroups struct {
	print string
	by    []FinalBy
}

// groupsThatClose are those below a node that change before they do, the ones of inputs first.
// What two branches have in common is there once, to be held in both or in none.
func groupsThatClose(top Node) []changingGroups {
	var found []changingGroups
	walkPrinted(top, func(n Node, print string) Node {
		a, ok := n.(*Aggregate)
		if !ok || n == top || a.Properties().AppendOnly || slices.ContainsFunc(found, func(g changingGroups) bool { return g.print == print }) {
			return n
		}
		g := changingGroups{print: print}
		for _, w := range Watermarks(a) {
			if w.Column() >= 0 && len(w.Of) > 0 && !w.Padded {
				g.by = append(g.by, FinalBy{w.Column(), w.Of})
			}
		}
		found = append(found, g)
		return n
	})
	return found
}

// hold puts an EmitFinal above groups.
func hold(n Node, which map[string]FinalBy) Node {
	return walkPrinted(n, func(n Node, print string) Node {
		if by, ok := which[print]; ok {
			return &EmitFinal{n, []FinalBy{by}}
		}
		return n
	})
}

// walkPrinted has f replace nodes, those of inputs first, and tells it the fingerprint that each
// had with the inputs from before. It leaves alone what is below where rows count as they are at
// the time.
func walkPrinted(n Node, f func(n Node, print string) Node) Node {
	var walk func(n Node, free bool) (Node, string)
	walk = func(n Node, free bool) (Node, string) {
		ins := slices.Clone(n.Inputs())
		prints := make([]string, len(ins))
		changed := false
		for i, in := range ins {
			ins[i], prints[i] = walk(in, free && whole(n, i))
			changed = changed || ins[i] != in
		}
		print := Fingerprint(n, prints)
		if changed {
			n = n.WithInputs(ins)
		}
		if free {
			n = f(n, print)
		}
		return n, print
	}
	out, _ := walk(n, true)
	return out
}

// whole reports that what a node puts out follows from all rows of an input in the end. The first
// rows are the first that come, and a lookup is of what is there when it is made.
func whole(n Node, input int) bool {
	switch n.(type) {
	case *First, *Recursive:
		return false
	case *Lookup:
		return input == 0
	}
	return true
}
