package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// caller is who uses the REST API.
type caller struct{ sid, token string }

// api calls the REST API as the first account, below its own path, and decodes the JSON answer into into, if given.
func (p *program) api(method, path string, form map[string]string, into any) (int, string) {
	p.t.Helper()
	who := caller{p.first.Account.SID, p.first.Account.AuthToken}
	return p.apiAs(who, method, "/"+who.sid+path, form, into)
}

// apiAs is api as somebody else, below Accounts.
func (p *program) apiAs(who caller, method, path string, form map[string]string, into any) (int, string) {
	p.t.Helper()
	body := url.Values{}
	for k, v := range form {
		body.Set(k, v)
	}
	req, err := http.NewRequest(method, p.first.HTTP+"/restcomm/2012-04-24/Accounts"+path, strings.NewReader(body.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.SetBasicAuth(who.sid, who.token)
	req.Header.Set("Accept", "application/json")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(data, into); err != nil {
			p.t.Fatalf("%s %s: %d %s: %v", method, path, res.StatusCode, data, err)
		}
	}
	return res.StatusCode, string(data)
}

// unmarshal reads an answer of the API.
func unmarshal(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// record is a call as the API shows it.
type record struct {
	SID, Status, Direction, From, To string
	Parent                           string `json:"parent_call_sid"`
	Account                          string `json:"account_sid"`
	Start                            string `json:"start_time"`
	End                              string `json:"end_time"`
	Duration                         int
}

// calls lists calls, oldest first, with a query such as Status=busy.
func (p *program) calls(query string) []record {
	p.t.Helper()
	var list struct{ Calls []record }
	if code, text := p.api("GET", "/Calls.json?"+query, nil, &list); code != http.StatusOK {
		p.t.Fatalf("the list of calls: %d %s", code, text)
	}
	return list.Calls
}

// scrape is everything the switch tells Prometheus.
func (p *program) scrape() string {
	p.t.Helper()
	res, err := http.Get(p.first.HTTP + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(data)
}

// metric is the sum of all series of a metric whose labels contain each of the given texts.
func (p *program) metric(name string, labels ...string) float64 {
	p.t.Helper()
	return p.sum(p.scrape(), name, labels...)
}

// sum is metric in what was scraped before.
func (p *program) sum(scraped, name string, labels ...string) float64 {
	p.t.Helper()
	sum := 0.0
series:
	for _, m := range regexp.MustCompile(`(?m)^`+name+`(\{[^}]*\})? (\S+)$`).FindAllStringSubmatch(scraped, -1) {
		for _, l := range labels {
			if !strings.Contains(m[1], l) {
				continue series
			}
		}
		v, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			p.t.Fatal(err)
		}
		sum += v
	}
	return sum
}
