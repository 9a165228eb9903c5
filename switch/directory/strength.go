package directory

import (
	"math"
	"strings"
	"unicode"
)

// MinStrength is the score a password needs.
const MinStrength = 50

// CheckPassword refuses weak passwords.
func CheckPassword(password string) error {
	if Strength(password) < MinStrength {
		return invalidf(3202, "Password too weak")
	}
	return nil
}

const (
	symbolSet  = "!$%&'()*+,-./:;<=>?[]^_`{|}~"
	letterRun  = "abcdefghijklmnopqrstuvwxyz"
	digitRun   = "01234567890"
	symbolsRun = `\!@#$%&/()=?¿`
)

// Strength scores a password from 0 to 100 by the table of the REST specification, 2.3.3.
func Strength(password string) int {
	c := count(password)
	score := 4*c.n + 6*c.symbols + 2*c.middle - 2*c.pairs
	if c.upper > 0 {
		score += 2 * (c.n - c.upper)
	}
	if c.lower > 0 {
		score += 2 * (c.n - c.lower)
	}
	if c.upper+c.lower > 0 {
		score += 4 * c.digits
	}
	if v := c.variety(); v >= 3 {
		score += 2 * v
	}
	low := strings.ToLower(password)
	score -= 3 * (runs(low, letterRun) + runs(low, digitRun) + runs(low, symbolsRun))
	if c.digits == c.n || c.upper+c.lower == c.n {
		score -= c.n
	}
	points := float64(score)
	if c.n > 0 {
		points -= 10 * float64(c.repeated) / float64(c.n)
	}
	return int(min(100, max(0, math.Round(points))))
}

// characters counts what a password is made of.
type characters struct{ n, lower, upper, digits, symbols, middle, pairs, repeated int }

func (c characters) variety() int {
	v := 0
	for _, n := range []int{c.lower, c.upper, c.digits, c.symbols, c.n / 8} {
		if n > 0 {
			v++
		}
	}
	return v
}

func count(password string) characters {
	text := []rune(password)
	c := characters{n: len(text)}
	seen := make(map[rune]int, len(text))
	var before byte
	for i, r := range text {
		seen[unicode.ToLower(r)]++
		k := class(r)
		switch k {
		case 'a':
			c.lower++
		case 'A':
			c.upper++
		case '0':
			c.digits++
		case '!':
			c.symbols++
		}
		if (k == '0' || k == '!') && i > 0 && i < len(text)-1 {
			c.middle++
		}
		if i > 0 && k == before && (k == 'a' || k == 'A' || k == '0') {
			c.pairs++
		}
		before = k
	}
	for _, n := range seen {
		if n > 1 {
			c.repeated += n
		}
	}
	return c
}

// class is 'a', 'A', '0' or '!' for the four classes, and ' ' for the rest.
func class(r rune) byte {
	switch {
	case r >= 'a' && r <= 'z':
		return 'a'
	case r >= 'A' && r <= 'Z':
		return 'A'
	case r >= '0' && r <= '9':
		return '0'
	case strings.ContainsRune(symbolSet, r):
		return '!'
	}
	return ' '
}

// runs counts the runs of three in sequence that text contains, forwards or backwards.
func runs(text, sequence string) int {
	seq, n := []rune(sequence), 0
	for i := 0; i+3 <= len(seq); i++ {
		a, b, c := seq[i], seq[i+1], seq[i+2]
		if strings.Contains(text, string([]rune{a, b, c})) || strings.Contains(text, string([]rune{c, b, a})) {
			n++
		}
	}
	return n
}
