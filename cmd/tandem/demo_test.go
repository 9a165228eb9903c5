package main

import (
	"math"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/audio"
	"tandem/media/audio/audiotest"
	"tandem/switch/sipua/siptest"
)

// hearing is how much sound a test listens to where a part is enough.
const hearing = 500 * time.Millisecond

// TestDemoNumbers calls each number that the first run prints, and listens.
func TestDemoNumbers(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	t.Run("echo", func(t *testing.T) { hearsItself(t, p) })
	t.Run("greeting", func(t *testing.T) {
		c := p.alice(t).Invite(p.number("greeting"))
		c.WantProvisional(180)
		c.WantFinal(200)
		wantPrompt(t, c, prompt(t, "demo/greeting.wav"), 1)
	})
	t.Run("bob", func(t *testing.T) {
		bob := p.bob(t)
		a := p.alice(t).Invite(p.number("bob"))
		a.WantFinal(200) // he is rung while she hears ringing
		b := bob.WantCall()
		b.Ring()
		wantRingback(t, a)
		b.Answer()
		wantTalk(a, b)
		b.Bye()
		a.WantBye()
		wantRecords(t, p, "completed")
	})
	t.Run("Lua", func(t *testing.T) {
		c := p.alice(t).Invite(p.number("Lua"))
		c.WantFinal(200)
		chime := prompt(t, "demo/chime.wav")
		heard := wantPrompt(t, c, chime, 2)
		third := len(chime.Samples) / 3
		last := heard[len(heard)-len(chime.Samples):]
		for i, hz := range []float64{523.25, 659.25} {
			if s := siptest.Share(last[i*3200+400:][:third/2], hz); s < 0.5 {
				t.Errorf("%g Hz carries %.2f of note %d, want half at least", hz, s, i+1)
			}
		}
	})
}

// hearsItself sends a tone to the echo for two seconds.
func hearsItself(t *testing.T, p *program) {
	t.Helper()
	c := p.alice(t).Invite(p.number("echo"))
	c.WantFinal(200)
	defer c.Media().Tone(440)()
	c.Media().WantTone(440, 2*time.Second)
	sent, got := 8000.0/math.MaxInt16, math.Pow(10, level(c)/20)
	if got < sent*0.8 || got > sent*1.2 {
		t.Errorf("the echo has an amplitude of %.3f, want %.3f", got, sent)
	}
	before := c.Media().Packets()
	for _, pkt := range before[1:] {
		if pkt.SSRC != before[0].SSRC || pkt.Stamp-before[0].Stamp != 160*uint32(pkt.Sequence-before[0].Sequence) {
			t.Errorf("packet %d is at %d of source %x, the first was %d at %d of %x", pkt.Sequence, pkt.Stamp, pkt.SSRC,
				before[0].Sequence, before[0].Stamp, before[0].SSRC)
			break
		}
	}
	c.Bye()
}

// wantRingback checks that a caller hears ringing as it is in the United States: 440 and 480 Hz.
func wantRingback(t *testing.T, c *siptest.Call) {
	t.Helper()
	heard := siptest.Samples(c.Media().WantPackets(int(hearing / (20 * time.Millisecond))))
	if s := siptest.Share(heard, 440) + siptest.Share(heard, 480); s < 0.8 {
		t.Errorf("440 and 480 Hz carry %.2f of what the caller hears, want nearly all", s)
	}
}

// prompt is the sound of a WAV file.
func prompt(t *testing.T, file string) *media.Prompt {
	t.Helper()
	data, err := demo.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := audio.DecodeWAV(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wantPrompt waits until the switch hangs up and checks that the call heard the prompt so many times, whole and as loud as it is.
func wantPrompt(t *testing.T, c *siptest.Call, p *media.Prompt, times int) []int16 {
	t.Helper()
	c.WantBye()
	packets := c.Media().WantPackets((times*len(p.Samples) + 159) / 160) // the last may still be on their way
	heard := siptest.Samples(packets)
	length := func(n int) time.Duration { return time.Duration(n) * time.Second / 8000 }
	if n := times * len(p.Samples); len(heard) < n || len(heard) > n+8000 {
		t.Fatalf("heard %v, want %v", length(len(heard)), length(n))
	}
	if lost := siptest.Lost(packets); lost > 0 {
		t.Errorf("%d packets of %d are missing", lost, len(packets))
	}
	whole := heard[len(heard)-times*len(p.Samples):]
	if got, want := audiotest.RMS(whole), audiotest.RMS(p.Samples); math.Abs(got-want) > 1 {
		t.Errorf("the prompt has %.1f dBFS, want %.1f", got, want)
	}
	return heard
}
