package sipua

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"tandem/switch/transport"
)

func TestTraceMasksSecrets(t *testing.T) {
	raw := request("INVITE",
		`Authorization: Digest username="alice", realm="tandem", nonce="s3cret1", response="s3cret2"`,
		"proxy-authorization: Digest username=\"alice\",\r\n response=\"s3cret3\",\r\n\tcnonce=\"s3cret4\"",
		"X-After: shown", sdpType,
		"body:v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:s3cret5|2^20\r\na=ice-ufrag:shown\r\na=ice-pwd:s3cret6\r\nk=clear:s3cret7\r\na=sendrecv\r\n")
	got := masked([]byte(raw))
	if strings.Contains(got, "s3cret") {
		t.Errorf("a secret is left:\n%s", got)
	}
	for _, want := range []string{"INVITE sip:bob", "Authorization:***", "X-After: shown", "AES_CM_128_HMAC_SHA1_80 inline:***", "a=ice-ufrag:shown", "a=sendrecv"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if got := masked([]byte("Signal=5\r\nDuration=160\r\n")); got != "Signal=***\r\nDuration=160\r\n" {
		t.Errorf("a key pressed: got %q", got)
	}
	if plain := request("OPTIONS"); masked([]byte(plain)) != plain {
		t.Errorf("a message without secrets was changed:\n%s", masked([]byte(plain)))
	}
}

func TestTraceAtDebugOnly(t *testing.T) {
	for level, want := range map[slog.Level]int{slog.LevelDebug: 2, slog.LevelInfo: 0} {
		var b bytes.Buffer
		log := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: level}))
		trace(log, true, transport.Flow{}, []byte(request("BYE")))
		trace(log, false, transport.Flow{}, []byte(request("BYE")))
		if got := strings.Count(b.String(), "BYE sip:bob"); got != want {
			t.Errorf("%v: got %d messages, want %d", level, got, want)
		}
	}
}
