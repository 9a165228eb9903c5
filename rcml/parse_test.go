package rcml_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/rcml"
)

var update = flag.Bool("update", false, "rewrite the traces in testdata")

func documents(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/*/*.xml")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no documents: %v", err)
	}
	return files
}

// Each document in testdata has what is read from it beside it.
func TestGoldenDocuments(t *testing.T) {
	for _, file := range documents(t) {
		t.Run(file, func(t *testing.T) {
			doc, err := rcml.Parse([]byte(readFile(t, file)), "", rcml.Profiles["standard"])
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".xml") + ".trace"
			if *update {
				if err := os.WriteFile(golden, []byte(doc.Trace()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got, want := doc.Trace(), readFile(t, golden); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestBrokenDocuments(t *testing.T) {
	rows := []struct{ name, body, charset, want string }{
		{"empty", "  ", "", "no element"},
		{"only a declaration", "<?xml version='1.0'?>", "", "no element"},
		{"not closed", "<Response>\n<Play>x</Play>\n", "", "line 3: unexpected EOF"},
		{"wrong end", "<Response>\n<Play>x</Response>", "", "line 2: element <Play> closed by </Response>"},
		{"two roots", "<Response/><Response/>", "", "more than one root"},
		{"text around", "x<Response/>", "", "text outside"},
		{"text behind", "<Response/>x", "", "text outside"},
		{"wrong root", "<response/>", "", "root is <response>"},
		{"unknown entity", "<Response>&nbsp;</Response>", "", "invalid character entity"},
		{"twice", `<Response><Dial a="1" a="2"/></Response>`, "", "attribute a stands twice"},
		{"DOCTYPE", `<!DOCTYPE Response><Response/>`, "", "DOCTYPE"},
		{"entity in DOCTYPE", `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><Response>&x;</Response>`, "", "DOCTYPE"},
		{"not UTF-8", "<Response>\xff</Response>", "", "not valid UTF-8"},
		{"unknown charset", "<Response/>", "klingon", "unknown charset"},
		{"control character", "<Response>\x01</Response>", "", "illegal character"},
		{"too deep", strings.Repeat("<Response>", 17) + strings.Repeat("</Response>", 17), "", "deeper than 16"},
		{"too many elements", "<Response>" + strings.Repeat("<Pause/>", 1000) + "</Response>", "", "more than 1000 elements"},
		{"too many attributes", "<Response " + strings.Repeat("a ", 1) + manyAttributes(65) + "/>", "", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := rcml.Parse([]byte(row.body), row.charset, rcml.Profiles["standard"])
			if _, ok := errors.AsType[*rcml.SyntaxError](err); !ok || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" a" + strings.Repeat("x", i) + `=""`)
	}
	return b.String()
}

// The deepest and longest documents that are still allowed.
func TestLimitsAreInclusive(t *testing.T) {
	for _, body := range []string{
		"<Response>" + strings.Repeat("<a>", 15) + strings.Repeat("</a>", 15) + "</Response>",
		"<Response>" + strings.Repeat("<Pause/>", 999) + "</Response>",
		"<Response" + manyAttributes(64) + "/>",
	} {
		if _, err := rcml.Parse([]byte(body), "", rcml.Profiles["standard"]); err != nil {
			t.Errorf("%.40s…: %v", body, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, file := range documents(f) {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, "")
	}
	f.Add([]byte(bomb), "utf-8")
	f.Add([]byte(utf16text("<Response><Play>ü</Play></Response>")), "utf-16")
	f.Add([]byte("<Response><![CDATA[&]]>&a=b&lt;&#x;&#1;<?pi &?><!-- & --></Response>"), "iso-8859-1")
	f.Fuzz(func(t *testing.T, body []byte, charset string) {
		for _, p := range rcml.Profiles {
			doc, err := rcml.Parse(body, charset, p)
			if err != nil {
				if _, ok := errors.AsType[*rcml.SyntaxError](err); !ok {
					t.Errorf("%v is no *SyntaxError", err)
				}
				continue
			}
			_ = doc.Trace()
			if len(doc.Verbs) > 1000 {
				t.Errorf("%d verbs", len(doc.Verbs))
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	body, err := os.ReadFile("testdata/dial/number.xml")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rcml.Parse(body, "", rcml.Profiles["standard"]); err != nil {
			b.Fatal(err)
		}
	}
}
