package offer_test

import (
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"

	"tandem/media/offer"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

// TestPhones answers offers in the shape that phones, switches and carriers send. The .answer beside each holds what we write when we play
// ourselves, then what we write on behalf of a party that can do what the phone likes best.
func TestPhones(t *testing.T) {
	files := must[[]string](t)(filepath.Glob("testdata/phones/*.sdp"))
	if len(files) < 9 {
		t.Fatalf("only %d phones", len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sdp"), func(t *testing.T) {
			in := strings.ReplaceAll(string(must[[]byte](t)(os.ReadFile(file))), "\n", "\r\n")
			got := "# own choice\n" + answerTo(t, in, nil) + "# what it likes best\n" + answerTo(t, in, favourites(t, in))
			golden := strings.TrimSuffix(file, ".sdp") + ".answer"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(must[[]byte](t)(os.ReadFile(golden))); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func localFor(in string) offer.Local {
	l := local
	if strings.Contains(in, "c=IN IP6") {
		l.Addr = netip.MustParseAddr("2001:db8::1")
	}
	return l
}

func favourites(t *testing.T, in string) []offer.Format {
	t.Helper()
	n := offer.New(localFor(in))
	if err := n.ReceiveOffer([]byte(in)); err != nil {
		return nil
	}
	return n.Offered()
}

func answerTo(t *testing.T, in string, prefer []offer.Format) string {
	t.Helper()
	n := offer.New(localFor(in))
	if err := n.ReceiveOffer([]byte(in)); err != nil {
		if !errors.Is(err, offer.ErrNotAcceptable) {
			t.Errorf("%v is no reason to refuse", err)
		}
		return "error: " + err.Error() + "\n"
	}
	out := must[[]byte](t)(n.Answer(prefer, offer.SendRecv))
	judge(t, out)
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}

// judge has a reader that is not ours look at a description of ours.
func judge(tb testing.TB, b []byte) {
	tb.Helper()
	s := string(b)
	for _, other := range []string{"m=image", "m=control"} { // of which it has not heard; we repeat what the party wrote
		if i := strings.Index(s, other); i >= 0 {
			s = s[:i]
		}
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(s); err != nil {
		tb.Errorf("pion/sdp: %v in\n%s", err, b)
	}
}
