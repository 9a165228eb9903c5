package main

import (
	"testing"

	"tandem/media/audio/audiotest"
	"tandem/switch/sipua/siptest"
)

// phone is a scripted phone of a client of the switch.
func (p *program) phone(t *testing.T, c seededClient, more ...func(*siptest.Options)) *siptest.Phone {
	t.Helper()
	o := siptest.Options{Server: p.sip(), Login: c.Login, Password: c.Password, Timeout: patience}
	for _, m := range more {
		m(&o)
	}
	return siptest.New(t, o)
}

// alice is a phone of the first run's first client, which is not registered.
func (p *program) alice(t *testing.T) *siptest.Phone { t.Helper(); return p.phone(t, p.client(0)) }

// bob is a phone of the first run's second client, registered until the test ends.
func (p *program) bob(t *testing.T) *siptest.Phone {
	t.Helper()
	return p.registered(t, p.client(1))
}

// registered is a phone of a client, registered until the test ends.
func (p *program) registered(t *testing.T, c seededClient, more ...func(*siptest.Options)) *siptest.Phone {
	t.Helper()
	phone := p.phone(t, c, more...)
	phone.Register(300)
	t.Cleanup(func() {
		if !p.ended() && !t.Failed() {
			phone.Unregister()
		}
	})
	return phone
}

func overTCP(o *siptest.Options) { o.Network = "tcp" }

// from makes a phone speak from an address of the machine's own.
func from(addr string) func(*siptest.Options) {
	return func(o *siptest.Options) { o.Local = addr }
}

// wantTalk checks that each side of a call hears the tone of the other.
func wantTalk(a, b *siptest.Call) {
	stopA, stopB := a.Media().Tone(440), b.Media().Tone(1000)
	defer stopA()
	defer stopB()
	b.Media().WantTone(440, hearing)
	a.Media().WantTone(1000, hearing)
}

// works checks that the switch still takes a call and carries its sound: what follows every test of something that goes wrong.
func (p *program) works(t *testing.T) {
	t.Helper()
	c := p.alice(t).Invite(p.number("echo"))
	c.WantFinal(200)
	stop := c.Media().Tone(440)
	c.Media().WantTone(440, hearing)
	stop()
	c.Bye()
}

// level is how loud what a call has heard so far is, in dBFS.
func level(c *siptest.Call) float64 { return audiotest.RMS(siptest.Samples(c.Media().Packets())) }
