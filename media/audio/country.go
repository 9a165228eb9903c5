package audio

import (
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/media"
)

// Tones are what a country's network says without words.
type Tones struct {
	Ringback   Cadence // the far end rings
	Busy       Cadence // the far end is engaged
	Congestion Cadence // the network is
}

// Country finds the tones of a two-letter code without regard to case: "eu", the common European recommendation (CEPT T/CS 20-15), serves
// where a country is not listed. "gb" is "uk".
func Country(code string) (Tones, bool) {
	code = strings.ToLower(code)
	if code == "gb" {
		code = "uk"
	}
	t, ok := countries[code]
	return t, ok
}

// Countries are the codes Country knows, sorted.
func Countries() []string {
	var list []string
	for code := range countries {
		list = append(list, code)
	}
	slices.Sort(list)
	return list
}

// ringbacks keeps prompts, and with them their payloads.
var ringbacks sync.Map // code -> *media.Prompt

// Ringback is the ringing tone of a country at 8 kHz, one round of it and always the same prompt; "" is "eu", and nil says that the
// code is not known.
func Ringback(code string) *media.Prompt {
	if code == "" {
		code = "eu"
	}
	t, ok := Country(code)
	if !ok {
		return nil
	}
	code = strings.ToLower(code)
	if p, ok := ringbacks.Load(code); ok {
		return p.(*media.Prompt)
	}
	p, _ := ringbacks.LoadOrStore(code, t.Ringback.Prompt(8000))
	return p.(*media.Prompt)
}

// on is a cadence of frequencies and a rhythm in milliseconds.
func on(hz []float64, rhythm ...int) Cadence {
	c := Cadence{Hz: hz}
	for _, ms := range rhythm {
		c.Rhythm = append(c.Rhythm, time.Duration(ms)*time.Millisecond)
	}
	return c
}

// swell is on with modulation.
func swell(hz, modulation float64, rhythm ...int) Cadence {
	c := on([]float64{hz}, rhythm...)
	c.Modulation = modulation
	return c
}

// Frequencies that many share.
var (
	f400 = []float64{400}
	f425 = []float64{425}
	us   = []float64{480, 620}
)

// countries are ITU-T E.180 Supplement 2 (02/2003) and, where a country has said otherwise since, its own. Where tones differ by exchange or
// step in level, the plainest form stands.
var countries = map[string]Tones{
	"eu":     {on(f425, 1000, 4000), on(f425, 500, 500), on(f425, 200, 200)},
	"at":     {on([]float64{420}, 1000, 5000), on([]float64{420}, 400, 400), on([]float64{420}, 200, 200)},
	"au":     {on([]float64{413, 438}, 400, 200, 400, 2000), on(f425, 375, 375), on(f425, 375, 375)},
	"be":     {on(f425, 1000, 3000), on(f425, 500, 500), on(f425, 167, 167)},
	"bg":     {on(f425, 1000, 4000), on(f425, 500, 500), on(f425, 250, 250)},
	"br":     {on(f425, 1000, 4000), on(f425, 250, 250), on(f425, 250, 250, 750, 250)},
	"ch":     {on(f425, 1000, 4000), on(f425, 500, 500), on(f425, 200, 200)},
	"cl":     {on(f400, 1000, 3000), on(f400, 500, 500), on(f400, 200, 200)},
	"cn":     {on([]float64{450}, 1000, 4000), on([]float64{450}, 350, 350), on([]float64{450}, 700, 700)},
	"cz":     {on(f425, 1000, 4000), on(f425, 330, 330), on(f425, 165, 165)},
	"de":     {on(f425, 1000, 4000), on(f425, 480, 480), on(f425, 240, 240)},
	"dk":     {on(f425, 1000, 4000), on(f425, 500, 500), on(f425, 200, 200)},
	"ee":     {on(f425, 1000, 4000), on(f425, 300, 300), on(f425, 200, 200)},
	"es":     {on(f425, 1500, 3000), on(f425, 200, 200), on(f425, 200, 200, 200, 200, 200, 600)},
	"fi":     {on(f425, 1000, 4000), on(f425, 300, 300), on(f425, 200, 200)},
	"fr":     {on([]float64{440}, 1500, 3500), on([]float64{440}, 500, 500), on([]float64{440}, 250, 250)},
	"gr":     {on(f425, 1000, 4000), on(f425, 300, 300), on(f425, 200, 200)},
	"hu":     {on(f425, 1250, 3750), on(f425, 300, 300), on(f425, 300, 300)},
	"il":     {on(f400, 1000, 3000), on(f400, 500, 500), on(f400, 250, 250)},
	"in":     {swell(400, 25, 400, 200, 400, 2000), on(f400, 750, 750), on(f400, 250, 250)},
	"it":     {on(f425, 1000, 4000), on(f425, 500, 500), on(f425, 200, 200)},
	"jp":     {swell(400, 16, 1000, 2000), on(f400, 500, 500), on(f400, 500, 500)},
	"lt":     {on(f425, 1000, 4000), on(f425, 350, 350), on(f425, 200, 200)},
	"mx":     {on(f425, 1000, 4000), on(f425, 250, 250), on(f425, 250, 250)},
	"my":     {on(f425, 400, 200, 400, 2000), on(f425, 500, 500), on(f425, 500, 500)},
	"nl":     {on(f425, 1000, 4000), on(f425, 500, 500), on(f425, 250, 250)},
	"no":     {on(f425, 1000, 4000), on(f425, 500, 500), on(f425, 200, 200)},
	"nz":     {on([]float64{400, 450}, 400, 200, 400, 2000), on(f400, 500, 500), on(f400, 250, 250)},
	"ph":     {on([]float64{425, 480}, 1000, 4000), on(us, 500, 500), on(us, 250, 250)},
	"pl":     {on(f425, 1000, 4000), on(f425, 500, 500), on(f425, 500, 500)},
	"pt":     {on(f425, 1000, 5000), on(f425, 500, 500), on(f425, 200, 200)},
	"ru":     {on(f425, 1000, 4000), on(f425, 350, 350), on(f425, 175, 175)},
	"se":     {on(f425, 1000, 5000), on(f425, 250, 250), on(f425, 250, 750)},
	"sg":     {swell(425, 24, 400, 200, 400, 2000), on(f425, 750, 750), on(f425, 250, 250)},
	"th":     {on([]float64{420}, 1000, 5000), on(f400, 500, 500), on(f400, 300, 300)},
	"tw":     {on([]float64{440, 480}, 1000, 2000), on(us, 500, 500), on(us, 250, 250)},
	"uk":     {on([]float64{400, 450}, 400, 200, 400, 2000), on(f400, 375, 375), on(f400, 400, 350, 225, 525)},
	"us":     {on([]float64{440, 480}, 2000, 4000), on(us, 500, 500), on(us, 250, 250)},
	"us-old": {swell(420, 40, 2000, 4000), swell(500, 100, 500, 500), swell(500, 100, 250, 250)},
	"ve":     {on(f425, 1000, 4000), on(f425, 500, 500), on(f425, 250, 250)},
	"za":     {swell(400, 33, 400, 200, 400, 2000), on(f400, 500, 500), on(f400, 250, 250)},
}
