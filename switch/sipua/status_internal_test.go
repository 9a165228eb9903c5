package sipua

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"tandem/switch/call"
)

func TestHeard(t *testing.T) {
	for _, row := range []struct{ far, near int }{
		{302, 480},
		{400, 500},
		{401, 403},
		{402, 402},
		{403, 403},
		{404, 404},
		{405, 500},
		{406, 488},
		{407, 403},
		{408, 408},
		{410, 410},
		{413, 413},
		{415, 488},
		{416, 500},
		{420, 500},
		{421, 500},
		{422, 500},
		{423, 500},
		{480, 480},
		{481, 500},
		{482, 482},
		{483, 483},
		{484, 484},
		{485, 485},
		{486, 486},
		{487, 487},
		{488, 488},
		{491, 500},
		{499, 500},
		{500, 500},
		{501, 502},
		{502, 502},
		{503, 503},
		{504, 504},
		{505, 502},
		{513, 502},
		{580, 488},
		{600, 600},
		{603, 603},
		{604, 604},
		{606, 606},
		{607, 607},
		{608, 608},
		{699, 603},
		{0, 500},
		{200, 500},
		{700, 500},
		{-1, 500},
	} {
		if got := heard(row.far); got != row.near {
			t.Errorf("%d: got %d, want %d", row.far, got, row.near)
		}
	}
}

func TestStatusText(t *testing.T) {
	for code := 100; code < 700; code++ {
		if got := statusText(code); got == "" || !safeText(got) {
			t.Errorf("%d: got %q", code, got)
		}
	}
	for code, want := range map[int]string{199: "Early Dialog Terminated", 299: "OK", 399: "Multiple Choices", 499: "Bad Request", 599: "Server Internal Error", 699: "Busy Everywhere", 155: "Session Progress"} {
		if got := statusText(code); got != want {
			t.Errorf("%d: got %q, want %q", code, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	secret := errors.New("disk password is hunter2")
	for _, row := range []struct {
		name    string
		refusal call.Refusal
		line    string
		headers string
	}{
		{"its own reason", call.Refusal{Code: 403, Reason: "Not Today", Err: secret}, "403 Not Today", ""},
		{"the code's reason", call.Refusal{Code: 486}, "486 Busy Here", ""},
		{"the reason of another code is not kept", call.Refusal{Code: 407, Reason: "Proxy Authentication Required"}, "403 Forbidden", ""},
		{"Retry-After", call.Refusal{Code: 503, Retry: 20}, "503 Service Unavailable", "Retry-After: 20\n"},
		{"Reason header", call.Refusal{Code: 603, Text: `said "no"`}, "603 Decline", `Reason: SIP;cause=603;text="said \"no\""` + "\n"},
		{"a line end in the reason", call.Refusal{Code: 480, Reason: "a\r\nX-Evil: 1"}, "480 a  X-Evil: 1", ""},
		{"a line end in the text", call.Refusal{Code: 480, Text: "a\r\nX-Evil: 1"}, "480 Temporarily Unavailable", `Reason: SIP;cause=480;text="a  X-Evil: 1"` + "\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := refused(&row.refusal)
			if got := strings.TrimSpace(strings.Join([]string{strconv.Itoa(a.code), a.phrase()}, " ")); got != row.line {
				t.Errorf("got %q, want %q", got, row.line)
			}
			if got := headerLines(a.headers); got != row.headers {
				t.Errorf("got %q, want %q", got, row.headers)
			}
			if strings.Contains(a.phrase()+headerLines(a.headers), "hunter2") {
				t.Error("the error got onto the wire")
			}
		})
	}
}

func TestAnswerIsAnError(t *testing.T) {
	a := answerOf(403, errStranger)
	if !errors.Is(a, errStranger) || !strings.HasPrefix(a.Error(), "403 Forbidden") {
		t.Errorf("got %v, want the code and the reason for the log", a)
	}
	if got := silence(errScanner).Error(); !strings.HasPrefix(got, "no answer") {
		t.Errorf("got %q", got)
	}
}
