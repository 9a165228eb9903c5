package webhook_test

import (
	"testing"

	"tandem/switch/webhook"
)

// The check values of the REST specification's section on signatures.
func TestSign(t *testing.T) {
	const token = "f3a1c0d29b7e4856a0c1d2e3f4051627"
	rows := []struct {
		name, token, url string
		form             webhook.Params
		want             string
	}{
		{"POST", token, "https://app.example.net/voice?tenant=7", webhook.Params{
			{"AccountSid", "AC00000000000000000000000000000001"},
			{"CallSid", "CA00000000000000000000000000000042"},
			{"From", "+15005550006"},
			{"To", "+15005550100"},
			{"CallStatus", "ringing"},
			{"Direction", "inbound"},
			{"ApiVersion", "2012-04-24"},
		}, "+agY2hRGcuEtyIn0rktaf8AhFvQ="},
		{"GET", token, "https://app.example.net/voice?CallSid=CA00000000000000000000000000000042&Digits=5%23", nil, "k9hdzwYB6zXjLyYSFoC8y1WH1Us="},
		{"JSON", token, "https://app.example.net/events?bodySHA256=b69230392f5a2735f676de4a1101669c23d9caade22aa6804c8d21a409da284d", nil, "2eGyZ8OHNHCmy1HLqWwPMs8ZyPo="},
		{"the manual's own", "12345", "https://mycompany.com/myapp.php?foo=1&bar=2", webhook.Params{
			{"CallSid", "CA1234567890ABCDE"},
			{"Caller", "+14158675309"},
			{"Digits", "1234"},
			{"From", "+14158675309"},
			{"To", "+18005551212"},
		}, "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := webhook.Sign(row.token, row.url, row.form); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestSignTakesEachPairOnceAndSortsValues(t *testing.T) {
	many := webhook.Sign("k", "http://h/", webhook.Params{{"b", "2"}, {"a", "z"}, {"b", "1"}, {"b", "2"}})
	once := webhook.Sign("k", "http://h/", webhook.Params{{"a", "z"}, {"b", "1"}, {"b", "2"}})
	if many != once {
		t.Errorf("got %s, want %s", many, once)
	}
}
