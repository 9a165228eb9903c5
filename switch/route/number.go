package route

import "strings"

// Dialled strips what people write into a number between its digits (rcml.md
// 2.1.2): blanks, hyphens, brackets and dots.
func Dialled(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t-().", r) {
			return -1
		}
		return r
	}, s)
}
