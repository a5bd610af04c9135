// Package suggest finds the name that a misspelt one was probably meant to be.
package suggest

import "strings"

// Nearest returns the candidate closest to name, letter case ignored, or "" where
// none is close: more than a third of the name, and more than one letter, would have
// to change, or all of it.
func Nearest(name string, candidates []string) string {
	best, bestCost := "", min(max(len(name)/3, 1)+1, len(name))
	for _, c := range candidates {
		if cost := distance(strings.ToLower(name), strings.ToLower(c)); cost < bestCost {
			best, bestCost = c, cost
		}
	}
	return best
}

// distance is the number of insertions, deletions, changes and swaps of
// neighbours between two words (the optimal string alignment distance).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	prev2, prev, cur := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(y)]
}
