package offer_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/media/offer"
)

func seed(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/phones/*.sdp")
	if err != nil || len(files) == 0 {
		f.Fatal("no phones to start from")
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(body("m=audio 0 RTP/AVP 0", "m=audio 4000 RTP/AVPF 96", "a=rtpmap:96 x/1/2", "a=rtcp:1 IN IP6 ::1", "a=ptime:1e2"))
}

func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := offer.Parse(b)
		if _, ok := errors.AsType[*offer.SyntaxError](err); err != nil && !ok {
			t.Fatalf("%T %v", err, err)
		}
		if (d == nil) == (err == nil) {
			t.Fatal("neither or both of description and error")
		}
	})
}

// FuzzAnswer answers an offer, offers what was agreed again, and takes its own answer: every description of ours must be readable, repeat the
// m= lines, and name only what the party named.
func FuzzAnswer(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		n := offer.New(local)
		if n.ReceiveOffer(b) != nil {
			return
		}
		theirs, _ := offer.Parse(b)
		answer, err := n.Answer(n.Offered(), offer.SendRecv)
		if err != nil {
			if !errors.Is(err, offer.ErrNoCommonCodec) {
				t.Fatal(err)
			}
			return
		}
		consistent(t, theirs, answer)
		a := n.Agreed()
		if _, ok := a.Codec(); !ok || len(a.Formats) > 2 || a.Ptime <= 0 {
			t.Fatalf("agreed %+v", a)
		}
		again, err := n.Offer(nil, offer.Inactive)
		if err != nil {
			t.Fatal(err)
		}
		consistent(t, theirs, again)
		if err := n.ReceiveAnswer(again); err != nil {
			t.Fatalf("%v: %s", err, again)
		}
	})
}

func consistent(t *testing.T, theirs *offer.Description, b []byte) {
	t.Helper()
	d, err := offer.Parse(b)
	if err != nil {
		t.Fatalf("ours cannot be read: %v\n%s", err, b)
	}
	if len(d.Media) != len(theirs.Media) {
		t.Fatalf("%d media lines for %d", len(d.Media), len(theirs.Media))
	}
	live := 0
	for i, m := range d.Media {
		o := theirs.Media[i]
		if m.Kind != o.Kind || m.Protocol != o.Protocol {
			t.Fatalf("line %d: %s %s for %s %s", i, m.Kind, m.Protocol, o.Kind, o.Protocol)
		}
		if m.Port == 0 {
			continue
		}
		live++
		for _, f := range m.Formats {
			if !offered(o.Formats, f) {
				t.Fatalf("%+v was not offered in %+v", f, o.Formats)
			}
		}
	}
	if live != 1 || strings.Count(string(b), "\r\n") != strings.Count(string(b), "\n") {
		t.Fatalf("%d live lines in\n%q", live, b)
	}
}

func offered(list []offer.Format, f offer.Format) bool {
	for _, o := range list {
		if o.PayloadType == f.PayloadType && o.Same(f) {
			return true
		}
	}
	return false
}
