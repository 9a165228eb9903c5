package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/audio"
	"tandem/media/audio/audiotest"
)

// baresip is a real phone: it plays a tone into its call and records what it hears.
type baresip struct {
	t    *testing.T
	dir  string
	out  *output
	done chan error
}

// startBaresip registers a phone as c and lets it live for so many seconds. It plays the tone hz. With dial it calls that user once it is
// up; without, it answers whoever calls.
func startBaresip(t *testing.T, p *program, c seededClient, hz int, dial string, seconds int) *baresip {
	t.Helper()
	if _, err := exec.LookPath("baresip"); err != nil {
		t.Fatal("baresip is not installed: make test installs it")
	}
	b := &baresip{t: t, dir: t.TempDir(), out: &output{}, done: make(chan error, 1)}
	answer := ";answermode=auto"
	args := []string{"-f", b.dir, "-v", "-t", fmt.Sprint(seconds)}
	if dial != "" {
		answer = ""
		args = append(args, "-e", "/dial sip:"+dial+"@"+p.sip())
	}
	b.write("accounts", fmt.Sprintf("<sip:%s@%s>;auth_user=%s;auth_pass=%s;regint=300%s;audio_codecs=pcmu\n", c.Login, p.sip(), c.Login, c.Password, answer))
	b.write("contacts", "")
	b.write("config", strings.Join([]string{
		"sip_listen 127.0.0.1:" + freePort(t), "net_interface 127.0.0.1", "rtp_ports 30000-30999",
		"module_path " + modulePath(t), "module g711.so", "module ausine.so", "module aubridge.so", "module sndfile.so",
		"module_tmp account.so", "module_app menu.so",
		"audio_player aubridge,sink" + c.Login, "audio_alert aubridge,sink" + c.Login, fmt.Sprintf("audio_source ausine,%d", hz),
		"ausrc_srate 48000", "ausrc_channels 2", "auplay_srate 8000", "auplay_channels 1", "snd_path " + b.dir, "",
	}, "\n"))
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(seconds)*time.Second+patience)
	cmd := exec.CommandContext(ctx, "baresip", args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = b.out, b.out, b.dir
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() {
		b.done <- cmd.Wait()
		cancel()
	}()
	t.Cleanup(cancel)
	return b
}

// modulePath is where Debian keeps baresip's modules.
func modulePath(t *testing.T) string {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/baresip/modules")
	if more, _ := filepath.Glob("/usr/lib/*/baresip/modules"); len(found) == 0 {
		found = more
	}
	if len(found) == 0 {
		t.Fatal("baresip's modules are nowhere below /usr/lib")
	}
	return found[0]
}

func (b *baresip) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// heard waits for the phone to end and returns what it decoded from the line.
func (b *baresip) heard() *media.Prompt {
	b.t.Helper()
	if err := <-b.done; err != nil {
		b.t.Logf("baresip ended with %v", err) // it does when its time is up during a call
	}
	files, _ := filepath.Glob(filepath.Join(b.dir, "dump-*-dec.wav"))
	if len(files) != 1 {
		b.t.Fatalf("the phone recorded %d calls, not one:\n%s", len(files), b.out)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		b.t.Fatal(err)
	}
	p, err := audio.DecodeWAV(data)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// TestRealPhonesTalk has one baresip call another through the switch: each plays its own tone, and each must have recorded the other's, whole.
func TestRealPhonesTalk(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	bob := startBaresip(t, p, p.client(1), 1000, "", 14)
	eventually(t, "bob is registered", func() error {
		if n := p.metric("tandem_registrar_bindings"); n < 1 {
			return fmt.Errorf("%v bindings", n)
		}
		return nil
	})
	alice := startBaresip(t, p, p.client(0), 440, p.client(1).Login, 10)
	wantTone(t, "bob", bob.heard(), 440, 3*time.Second)
	wantTone(t, "alice", alice.heard(), 1000, 3*time.Second)
	wantRecords(t, p, "completed")
}

// wantTone checks that the recording holds one unbroken stretch of the tone, at least so long, and hardly anything else.
func wantTone(t *testing.T, who string, heard *media.Prompt, hz float64, least time.Duration) {
	t.Helper()
	const frame = 20 * time.Millisecond
	per := int(frame.Seconds() * float64(heard.Rate))
	longest, run := 0, 0
	for at := 0; at+per <= len(heard.Samples); at += per {
		pcm := heard.Samples[at : at+per]
		rms := audiotest.RMS(pcm)
		if rms > -30 && audiotest.Level(pcm, heard.Rate, hz) > rms-1.5 {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	if got := time.Duration(longest) * frame; got < least {
		t.Errorf("%s heard %v of %g Hz without a gap in a recording of %v, want %v", who, got, hz, time.Duration(len(heard.Samples))*time.Second/time.Duration(heard.Rate), least)
	}
}
