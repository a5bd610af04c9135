package naive

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var pathStep = regexp.MustCompile(`^\s*(?:(\*\*)|\.\s*(\*)|\.\s*("(?:[^"\\]|\\.)*")|\.\s*([^."*\[\]\s]+)|\[([^\]]*)\])\s*`)

// follow lists the values that a path leads to, each once.
func follow(path string, d *jsonDoc) ([]*jsonDoc, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(path), "$")
	if !ok {
		return nil, fmt.Errorf("%s is no path", path)
	}
	rest = strings.TrimSpace(rest)
	have := []*jsonDoc{d}
	for rest != "" {
		m := pathStep.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("%s is no path", path)
		}
		rest = rest[len(m[0]):]
		key := m[4]
		if m[3] != "" {
			if err := json.Unmarshal([]byte(m[3]), &key); err != nil {
				return nil, err
			}
		}
		var found []*jsonDoc
		for _, h := range have {
			for _, v := range h.step(m, key) {
				if !slices.Contains(found, v) {
					found = append(found, v)
				}
			}
		}
		have = found
	}
	return have, nil
}

func (d *jsonDoc) step(m []string, key string) []*jsonDoc {
	switch {
	case m[1] != "":
		return d.everything()
	case m[2] != "" && d.is('{'):
		return d.parts
	case m[2] != "":
		return nil
	case m[3] != "" || m[4] != "":
		if i := slices.Index(d.keys, key); i >= 0 && d.is('{') {
			return d.parts[i : i+1]
		}
		return nil
	case strings.TrimSpace(m[5]) == "*":
		if d.is('[') {
			return d.parts
		}
		return nil
	}
	parts := d.parts
	if !d.is('[') {
		parts = []*jsonDoc{d}
	}
	from, to, isRange := strings.Cut(m[5], "to")
	if !isRange {
		to = from
	}
	low, high := place(from, len(parts)), place(to, len(parts))
	if isRange {
		low, high = max(low, 0), min(high, len(parts)-1)
	}
	if low < 0 || high >= len(parts) || low > high {
		return nil
	}
	return parts[low : high+1]
}

// place is the position that n, last or last-n is.
func place(text string, length int) int {
	text = strings.Join(strings.Fields(text), "")
	n, err := strconv.Atoi(strings.TrimPrefix(strings.TrimPrefix(text, "last"), "-"))
	switch {
	case text == "last":
		return length - 1
	case err != nil:
		return -1
	case strings.HasPrefix(text, "last"):
		return length - 1 - n
	}
	return n
}

func (d *jsonDoc) everything() []*jsonDoc {
	out := []*jsonDoc{d}
	for _, p := range d.parts {
		out = append(out, p.everything()...)
	}
	return out
}
