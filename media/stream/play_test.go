package stream_test

import (
	"errors"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/offer"
	"tandem/media/stream"
)

// ended is what Play's callback was told.
type ended struct {
	played   time.Duration
	finished bool
}

func play(t *testing.T, s *stream.Stream, p *media.Prompt, loops int) <-chan ended {
	t.Helper()
	c := make(chan ended, 2)
	if err := s.Play(p, loops, func(d time.Duration, f bool) { c <- ended{d, f} }); err != nil {
		t.Fatal(err)
	}
	return c
}

func wait(t *testing.T, c <-chan ended) ended {
	t.Helper()
	select {
	case e := <-c:
		return e
	case <-time.After(patience):
		t.Fatal("the prompt did not end")
		return ended{}
	}
}

func sound(d time.Duration) *media.Prompt {
	return &media.Prompt{Rate: 8000, Samples: make([]int16, 8*d.Milliseconds())}
}

func TestPlay(t *testing.T) {
	b := newBed(t, nil)
	for name, c := range map[string]struct {
		prompt  *media.Prompt
		loops   int
		ptime   time.Duration
		formats []offer.Pair
		packets int
		bytes   int
		step    uint32
	}{
		"20 ms":              {sound(100 * time.Millisecond), 1, 0, g711(), 5, 160, 160},
		"last one filled up": {sound(90 * time.Millisecond), 1, 0, g711(), 5, 160, 160},
		"loops":              {sound(40 * time.Millisecond), 3, 0, g711(), 6, 160, 160},
		"40 ms":              {sound(120 * time.Millisecond), 1, 40 * time.Millisecond, g711(), 3, 320, 320},
		"30 ms over loops":   {sound(60 * time.Millisecond), 2, 30 * time.Millisecond, g711(), 4, 240, 240},
		"10 ms":              {sound(60 * time.Millisecond), 1, 10 * time.Millisecond, g711(), 6, 80, 80},
		"second format":      {sound(60 * time.Millisecond), 1, 0, []offer.Pair{pair(opus, 111, 111), pair(pcma, 8, 8)}, 3, 160, 160},
		"other rate": {
			sound(60 * time.Millisecond), 1, 0,
			[]offer.Pair{pair(offer.Format{Name: "L16", ClockRate: 16000, Channels: 1}, 97, 97)},
			3, 640, 320,
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := newPhone(t, b, stream.Options{})
			p := x.params(c.formats)
			p.Ptime = c.ptime
			x.apply(p)
			done := play(t, x.stream, c.prompt, c.loops)
			first := x.read()
			if !first.Marker || len(first.Payload) != c.bytes {
				t.Errorf("got marker %v and %d bytes, want a marked packet of %d", first.Marker, len(first.Payload), c.bytes)
			}
			for i := 1; i < c.packets; i++ {
				k := x.read()
				if k.SequenceNumber != first.SequenceNumber+uint16(i) || k.Timestamp != first.Timestamp+uint32(i)*c.step || k.Marker || len(k.Payload) != c.bytes {
					t.Errorf("packet %d: got %v with %d bytes, want number %d, timestamp %d and %d bytes", i, k.Header, len(k.Payload),
						first.SequenceNumber+uint16(i), first.Timestamp+uint32(i)*c.step, c.bytes)
				}
			}
			e := wait(t, done)
			if want := time.Duration(c.packets) * max(c.ptime, 10*time.Millisecond); c.ptime > 0 && e.played != want || !e.finished {
				t.Errorf("got %v, want %v and finished", e, want)
			}
			x.nothing()
		})
	}
}

func TestPlayStops(t *testing.T) {
	b := newBed(t, nil)
	for name, stop := range map[string]func(*phone, *phone){
		"Stop":   func(x, _ *phone) { x.stream.Stop() },
		"Close":  func(x, _ *phone) { x.stream.Close() },
		"Bridge": func(x, y *phone) { _ = y.stream.Bridge(x.stream) },
		"Play":   func(x, _ *phone) { _ = x.stream.Play(sound(20*time.Millisecond), 1, nil) },
		"Apply":  func(x, _ *phone) { x.stream.Apply(x.params([]offer.Pair{pair(opus, 96, 96)})) },
	} {
		t.Run(name, func(t *testing.T) {
			x := newPhone(t, b, stream.Options{})
			y := newPhone(t, b, stream.Options{Beside: x.stream})
			x.apply(x.params(g711()))
			y.apply(y.params(g711()))
			done := play(t, x.stream, sound(time.Second), 0)
			x.read()
			stop(x, y)
			if e := wait(t, done); e.finished || e.played < 20*time.Millisecond {
				t.Errorf("got %v, want at least 20 ms and not finished", e)
			}
			select {
			case <-done:
				t.Error("told twice")
			default:
			}
		})
	}
}

func TestPlayInsteadOfThePeer(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	last := y.hears(x, 0, "before", 0)
	done := play(t, x.stream, sound(60*time.Millisecond), 1)
	first := x.read()
	if len(first.Payload) != 160 || first.SequenceNumber != last.SequenceNumber+1 || first.SSRC != last.SSRC || !first.Marker {
		t.Errorf("got %v after %v, want the prompt to go on with the stream", first.Header, last.Header)
	}
	y.send(0, "not mixed in")
	until(t, "a drop", func() bool { return y.dropped(media.DropNoPeer) == 1 })
	x.hears(y, 0, "the other way goes on", 0)
	x.read()
	x.read()
	wait(t, done)
	after := y.hears(x, 0, "after", 0)
	if after.SequenceNumber != last.SequenceNumber+4 || int32(after.Timestamp-first.Timestamp) <= 0 || !after.Marker {
		t.Errorf("got %v after three packets of %v, want the next", after.Header, first.Header)
	}
}

func TestPlayGoesOnInANewCodec(t *testing.T) {
	b := newBed(t, nil)
	x := newPhone(t, b, stream.Options{})
	x.apply(x.params(g711()))
	done := play(t, x.stream, sound(100*time.Millisecond), 1)
	x.read()
	x.apply(x.params([]offer.Pair{pair(pcma, 8, 8)}))
	for k := x.read(); k.PayloadType != 8; k = x.read() {
	}
	if e := wait(t, done); !e.finished || e.played != 100*time.Millisecond {
		t.Errorf("got %v, want 100 ms and finished", e)
	}
}

func TestPlayOnHoldTakesItsTime(t *testing.T) {
	b := newBed(t, nil)
	x := newPhone(t, b, stream.Options{})
	p := x.params(g711())
	p.Direction = offer.RecvOnly
	x.apply(p)
	if e := wait(t, play(t, x.stream, sound(40*time.Millisecond), 1)); !e.finished || e.played != 40*time.Millisecond {
		t.Errorf("got %v, want 40 ms and finished", e)
	}
	x.nothing()
}

func TestPlayNeedsACodec(t *testing.T) {
	b := newBed(t, nil)
	x := newPhone(t, b, stream.Options{})
	if err := x.stream.Play(sound(time.Second), 1, nil); !errors.Is(err, stream.ErrCodec) {
		t.Errorf("got %v before an agreement, want ErrCodec", err)
	}
	x.apply(x.params([]offer.Pair{pair(opus, 96, 96), pair(events, 101, 101)}))
	if err := x.stream.Play(sound(time.Second), 1, nil); !errors.Is(err, stream.ErrCodec) {
		t.Errorf("got %v, want ErrCodec", err)
	}
}

func TestEmptyPromptEnds(t *testing.T) {
	b := newBed(t, nil)
	x := newPhone(t, b, stream.Options{})
	x.apply(x.params(g711()))
	if e := wait(t, play(t, x.stream, &media.Prompt{Rate: 8000}, 0)); e.played != 0 || !e.finished {
		t.Errorf("got %v, want nothing played and finished", e)
	}
}

// Half a second of a prompt is 25 packets whose timestamps are half a second apart, whatever the machine does meanwhile.
func TestPlayDoesNotDrift(t *testing.T) {
	b := newBed(t, nil)
	x := newPhone(t, b, stream.Options{})
	x.apply(x.params(g711()))
	begun := time.Now()
	done := play(t, x.stream, sound(500*time.Millisecond), 1)
	first := x.read()
	last := first
	n := 1
	for ; n < 25; n++ {
		last = x.read()
	}
	wait(t, done)
	if d := last.Timestamp - first.Timestamp; d != 24*160 {
		t.Errorf("got timestamps %d apart, want %d", d, 24*160)
	}
	if d := time.Since(begun); d < 480*time.Millisecond {
		t.Errorf("25 packets took %v, want no faster than they sound", d)
	}
	x.nothing()
}
