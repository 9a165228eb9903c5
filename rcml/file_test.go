package rcml_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/rcml"
)

// folder makes files below a folder, and one outside it.
func folder(t *testing.T) (inside, outside string) {
	t.Helper()
	top := t.TempDir()
	inside, outside = filepath.Join(top, "in"), filepath.Join(top, "secret.xml")
	for name, body := range map[string]string{
		outside: "secret", filepath.Join(inside, "a.xml"): `<Response><Redirect>sub/b.xml</Redirect></Response>`,
		filepath.Join(inside, "sub/b.xml"):   `<Response><Play>file:x.wav</Play></Response>`,
		filepath.Join(inside, "big.xml"):     strings.Repeat("x", 70_000),
		filepath.Join(inside, "sub dir/c.x"): "c",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(inside, "link.xml")); err != nil {
		t.Fatal(err)
	}
	return inside, outside
}

func TestReadFile(t *testing.T) {
	in, out := folder(t)
	for _, ref := range []string{
		"a.xml", "/a.xml", "file:a.xml", "file:///a.xml", "FILE:/a.xml", "file://localhost/a.xml", filepath.Join(in, "a.xml"),
		"file://" + filepath.Join(in, "a.xml"), "sub/../a.xml", "file:sub%20dir/c.x", "file:///sub%20dir/c.x",
	} {
		if _, err := rcml.ReadFile(in, ref, 1000); err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
	for _, ref := range []string{
		"", "/", "file:", "../secret.xml", "file:../secret.xml", "file:///../secret.xml", "file:%2e%2e/secret.xml", "link.xml", "sub", "none.xml",
		out, "file://" + out, "/etc/passwd", "file:///etc/passwd", "file://host/a.xml", "sub/../../secret.xml", "a.xml\x00",
	} {
		if b, err := rcml.ReadFile(in, ref, 1000); err == nil {
			t.Errorf("%q was read: %q", ref, b)
		}
	}
	if _, err := rcml.ReadFile(in, "big.xml", 1000); !errors.Is(err, rcml.ErrTooLarge) {
		t.Errorf("got %v, want %v", err, rcml.ErrTooLarge)
	}
	if _, err := rcml.ReadFile("", "a.xml", 1000); !errors.Is(err, rcml.ErrNoFolder) {
		t.Errorf("got %v, want %v", err, rcml.ErrNoFolder)
	}
}

// Documents below the folder, and where they lead.
func TestLocalDocuments(t *testing.T) {
	in, _ := folder(t)
	rows := []struct{ name, url, base, did, codes, played string }{
		{"plain name", "a.xml", "", "ring, answer, bye Normal clearing", "", "file:///x.wav"},
		{"URL", "file:a.xml", "", "ring, answer, bye Normal clearing", "", "file:///x.wav"},
		{"URL beside a base", "file:///a.xml", "http://app/", "ring, answer, bye Normal clearing", "", "file:///x.wav"},
		{"missing", "none.xml", "", "ring, refuse 500", "11205", ""},
		{"outside", "../secret.xml", "", "ring, refuse 500", "11205", ""},
		{"too large", "big.xml", "", "ring, refuse 500", "11750", ""},
		{"a sound", "x.wav", "", "ring, answer, bye Normal clearing", "", "file:///x.wav"},
		{"relative to the base", "v", "http://app/", "ring, refuse 404", "21402", ""},
		{"nothing", "", "", "ring, refuse 500", "11100", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, func(c *rcml.Config) { c.Documents, c.BaseURL = in, row.base }, func(w *world) {
				w.sounds["file:///x.wav"] = time.Second
				w.handler.URL = row.url
				w.calls(5 * time.Second)
				w.wantDid(row.did)
				w.wantCodes(row.codes)
				w.wantPlayed(strings.Fields(row.played)...)
			})
		})
	}
}

// A document from the web may play a file of the folder but not become one.
func TestFilesFromTheWeb(t *testing.T) {
	in, _ := folder(t)
	inBubble(t, func(c *rcml.Config) { c.Documents = in }, func(w *world) {
		w.sounds["file:///x.wav"] = time.Second
		w.sounds["file:x.wav"] = time.Second
		w.pages["/v"] = doc(`<Play>file:///x.wav</Play><Redirect>file:///a.xml</Redirect>`)
		w.calls(5 * time.Second)
		w.wantPlayed("file:///x.wav")
		w.wantCodes("11100")
	})
}
