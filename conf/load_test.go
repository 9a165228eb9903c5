package conf_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/conf"
)

// load reads a file of the given text with an environment.
func load(t *testing.T, text string, environ ...string) (*conf.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tandem.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := conf.Load(path, environ)
	if err != nil { // the directory differs with every test
		var found []error
		for _, e := range mistakes(t, err) {
			e.Source = strings.TrimPrefix(e.Source, filepath.Dir(path)+"/")
			found = append(found, e)
		}
		return nil, errors.Join(found...)
	}
	return c, nil
}

// mistakes takes the error of Load apart.
func mistakes(t *testing.T, err error) (list []*conf.Mistake) {
	t.Helper()
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // what Load promises
	if !ok {
		t.Fatalf("got %v, want joined mistakes", err)
	}
	for _, e := range joined.Unwrap() {
		m, ok := errors.AsType[*conf.Mistake](e)
		if !ok {
			t.Errorf("got %v, want a mistake", e)
			continue
		}
		list = append(list, m)
	}
	return list
}

func TestNothingIsTheDefaults(t *testing.T) {
	got, err := conf.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, conf.Default())
}

func TestFileAndEnvironment(t *testing.T) {
	c, err := load(t, `
drain = "1m"
sip.listen = ["udp:127.0.0.1:5060"]

[http]
listen = ["127.0.0.1:8081"]
cors_origins = ["https://a.example"]
`,
		"TANDEM_SIP_LISTEN=udp:127.0.0.2:5060, tcp:[::1]:5062", "TANDEM_RTP_PORTS=30000-30999", "TANDEM_RTP_ADDRESS=127.0.0.2",
		"TANDEM_WEB_ALLOW_PRIVATE=127.0.0.0/8,10.0.0.0/8", "TANDEM_DATA=/var/lib/tandem", "TANDEM_LOG_LEVEL=debug", "TANDEM_SIP_TIMERS_T1=250ms",
		"TANDEM_CALLS_MAX_CALLS=7", "TANDEM_CALLS_CALLS_PER_SECOND=2.5", "TANDEM_HTTP_NORMALIZE=false", "TANDEM_SIP_PRODUCT=a \"b\" \\c",
		"TANDEM_HTTP_CORS_ORIGINS=", "PATH=/bin",
	)
	if err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string]bool{
		"drain of the file":                   c.Drain == time.Minute,
		"listeners of SIP of the environment": len(c.SIP.Listen) == 2 && c.SIP.Listen[1].String() == "tcp:[::1]:5062",
		"ports":                               c.RTP.Ports == "30000-30999",
		"address":                             len(c.RTP.Address) == 1 && c.RTP.Address[0].String() == "127.0.0.2",
		"private networks":                    len(c.Web.AllowPrivate) == 2,
		"data":                                c.Data == "/var/lib/tandem",
		"log level":                           c.Log.Level.String() == "DEBUG",
		"timer":                               c.SIP.Timers.T1 == 250*time.Millisecond,
		"whole number":                        c.Calls.MaxCalls == 7,
		"number":                              c.Calls.CallsPerSecond == 2.5,
		"boolean":                             !c.HTTP.Normalize,
		"text with quotes":                    c.SIP.Product == `a "b" \c`,
		"list that was emptied":               len(c.HTTP.CORSOrigins) == 0,
		"listener of HTTP of the file":        c.HTTP.Listen[0].Port() == 8081,
	} {
		if !got {
			t.Errorf("%s: got something else of %+v", what, c)
		}
	}
}

func TestEveryKeyHasItsVariable(t *testing.T) {
	seen := map[string]string{}
	for _, key := range conf.Keys() {
		name := conf.EnvName(key)
		if other, twice := seen[name]; twice {
			t.Errorf("%s is the variable of %s and %s", name, key, other)
		}
		seen[name] = key
		if name != "TANDEM_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_")) {
			t.Errorf("got %s for %s", name, key)
		}
		if _, err := conf.Load("", []string{name + "=\x01nothing that anybody could mean"}); err != nil {
			for _, m := range mistakes(t, err) {
				if m.Source != name {
					t.Errorf("%s: got the mistake %v, want it to name the variable", name, m)
				}
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		environ    []string
		want       []string
	}{
		{"unknown key", "drane = \"1s\"\n", nil, []string{"tandem.toml:1: drane: unknown key"}},
		{"key of another section", "[sip]\nports = \"20000-20999\"\n", nil, []string{"tandem.toml:2: sip.ports: unknown key (did you mean rtp.ports?)"}},
		{"unknown section", "[sipp]\nlisten = []\n", nil, []string{
			"tandem.toml:1: sipp: unknown key", "tandem.toml:2: sipp.listen: unknown key (did you mean sip.listen?)",
		}},
		{"section as a value", "sip = 3\n", nil, []string{"tandem.toml:1: sip: is a section and no value"}},
		{"sections in a list", "[[sip]]\nlisten = []\n", nil, []string{"tandem.toml:"}},
		{"value as a section", "[drain]\nseconds = 3\n", nil, []string{"tandem.toml:1: drain: incompatible types", "tandem.toml:2: drain.seconds: unknown key"}},
		{"wrong type", "[calls]\nmax_calls = \"many\"\n", nil, []string{"tandem.toml:2: calls.max_calls: incompatible types: TOML value has type string; destination has type integer"}},
		{"wrong duration", "drain = \"soon\"\n", nil, []string{"tandem.toml:1: drain: "}},
		{"not TOML", "drain =\n", nil, []string{"tandem.toml:1: "}},
		{"key that stands twice", "drain = \"1s\"\ndrain = \"2s\"\n", nil, []string{"tandem.toml:2: "}},
		{"value that makes no sense", "\n[log]\nformat = \"xml\"\n", nil, []string{`tandem.toml:3: log.format: "xml" is neither text nor json`}},
		{"several", "drane = 1\n[sip]\nlisten = [\"sctp:1.2.3.4:5\"]\n[calls]\nburst = true\nmax_calls = \"x\"\n", nil, []string{
			"tandem.toml:1: drane: unknown key", `tandem.toml:3: sip.listen: no SIP network is called "sctp"`,
			"tandem.toml:5: calls.burst: incompatible types", "tandem.toml:6: calls.max_calls: incompatible types",
		}},
		{"several that make no sense", "drain = \"-1s\"\ndata = \"\"\n[rtp]\nports = \"9-1\"\n[store]\nqueue = 1\n", nil, []string{
			"tandem.toml:2: data: a directory is needed", "tandem.toml:1: drain: -1s is negative", "tandem.toml:4: rtp.ports: ", "tandem.toml:6: store.queue: ",
		}},
		{"variable that names nothing", "", []string{"TANDEM_SIP_LISTENS=udp:1.2.3.4:5"}, []string{"TANDEM_SIP_LISTENS: no such setting"}},
		{"variable of the wrong type", "", []string{"TANDEM_CALLS_BURST=a lot"}, []string{`TANDEM_CALLS_BURST: calls.burst: "a lot": `}},
		{"variable that makes no sense", "[log]\nformat = \"json\"\n", []string{"TANDEM_LOG_FORMAT=xml"}, []string{`TANDEM_LOG_FORMAT: log.format: "xml" is`}},
		{"file and environment", "x = 1\n", []string{"TANDEM_Y=2"}, []string{"tandem.toml:1: x: unknown key", "TANDEM_Y: no such setting"}},
		{"web on the SIP port", "[http]\nlisten = [\"127.0.0.1:5060\"]\n", nil, []string{
			`tandem.toml:2: http.listen: "127.0.0.1:5060" is taken by sip.listen "tcp:0.0.0.0:5060"`,
		}},
		{"web twice", "http.listen = [\"0.0.0.0:80\", \"[::]:80\"]\n", nil, []string{`tandem.toml:1: http.listen: "[::]:80" is taken by "0.0.0.0:80"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.text, tt.environ...)
			if err == nil {
				t.Fatal("got no error")
			}
			got := strings.Split(err.Error(), "\n")
			ok := slices.EqualFunc(got, tt.want, strings.HasPrefix)
			if !ok {
				t.Errorf("got\n%s\nwant lines that begin with\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestValuesThatGoTogether(t *testing.T) {
	for name, text := range map[string]string{
		"RTP on another address":        "[sip]\nlisten = [\"udp:127.0.0.1:5060\"]\n[rtp]\nports = \"5000-5999\"\naddress = [\"127.0.0.2\"]\n",
		"RTP of another family":         "[sip]\nlisten = [\"udp:127.0.0.1:5060\"]\n[rtp]\nports = \"5000-5999\"\naddress = [\"::\"]\n",
		"RTP on the port of TCP":        "[sip]\nlisten = [\"tcp:127.0.0.1:5060\"]\n[rtp]\nports = \"5000-5999\"\n",
		"web on the port of UDP":        "[sip]\nlisten = [\"udp:0.0.0.0:5060\"]\n[http]\nlisten = [\"127.0.0.1:5060\"]\n",
		"web on another address":        "[sip]\nlisten = [\"tcp:127.0.0.1:5060\"]\n[http]\nlisten = [\"127.0.0.2:5060\"]\n",
		"any ports, as tests want them": "[sip]\nlisten = [\"tcp:127.0.0.1:0\"]\n[http]\nlisten = [\"127.0.0.1:0\", \"127.0.0.1:0\"]\n",
	} {
		if _, err := load(t, text); err != nil {
			t.Errorf("%s: got %v, want it to be fine", name, err)
		}
	}
}

func TestNoSuchFile(t *testing.T) {
	if _, err := conf.Load(filepath.Join(t.TempDir(), "none.toml"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want %v", err, os.ErrNotExist)
	}
}
