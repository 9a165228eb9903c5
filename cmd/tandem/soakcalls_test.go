package main

import (
	"testing"

	"tandem/switch/sipua/siptest"
)

// soak makes calls of one worker, each of a kind of its own.
type soak struct {
	t     *testing.T
	p     *program
	app   *application
	alice seededClient
	bob   seededClient
	plans map[string]string // numbers by the document they run
}

// kinds are the calls of a soak. Each returns when the call is over.
var kinds = []struct {
	name string
	call func(*soak)
}{
	{"the caller hangs up", func(s *soak) {
		a, b := s.talk(s.bob.Login)
		a.Bye()
		b.WantBye()
	}},
	{"the callee hangs up", func(s *soak) {
		a, b := s.talk(s.bob.Login)
		b.Bye()
		a.WantBye()
	}},
	{"held", func(s *soak) {
		a, b := s.talk(s.bob.Login)
		a.Hold()
		a.Resume()
		a.Bye()
		b.WantBye()
	}},
	{"over TCP", func(s *soak) {
		bob := s.callee(overTCP)
		a := s.phone(s.alice, overTCP).Invite(s.bob.Login)
		b := bob.WantCall()
		b.Answer()
		a.WantFinal(200)
		a.Bye()
		b.WantBye()
	}},
	{"cancelled", func(s *soak) {
		bob, a := s.callee(), s.phone(s.alice).Invite(s.bob.Login)
		b := bob.WantCall()
		b.Ring()
		a.WantProvisional(180)
		a.Cancel()
		a.WantFinal(487)
		b.WantCancel()
	}},
	{"busy", func(s *soak) {
		bob, a := s.callee(), s.phone(s.alice).Invite(s.bob.Login)
		bob.WantCall().Busy()
		a.WantFinal(486)
	}},
	{"not registered", func(s *soak) { s.phone(s.alice).Invite(s.bob.Login).WantFinal(480) }},
	{"unknown", func(s *soak) { s.phone(s.alice).Invite("nobody").WantFinal(404) }},
	{"refused by a document", func(s *soak) { s.phone(s.alice).Invite(s.plans["reject"]).WantFinal(603) }},
	{"dialled by a document", func(s *soak) {
		a, b := s.talk(s.plans["dial"])
		b.Bye()
		a.WantBye()
	}},
	{"given up while a document dials", func(s *soak) {
		bob, a := s.callee(), s.phone(s.alice).Invite(s.plans["dial"])
		a.WantFinal(200)
		b := bob.WantCall()
		b.Ring()
		a.Bye()
		b.WantCancel()
	}},
	{"a script", func(s *soak) {
		a := s.phone(s.alice).Invite(s.p.number("Lua"))
		a.WantFinal(200)
		a.Media().WantPackets(20)
		a.Bye()
	}},
	{"a greeting", func(s *soak) {
		a := s.phone(s.alice).Invite(s.p.number("greeting"))
		a.WantFinal(200)
		a.Media().WantPackets(10)
		a.Bye()
	}},
	{"echo", func(s *soak) {
		a := s.phone(s.alice).Invite(s.p.number("echo"))
		a.WantFinal(200)
		stop := a.Media().Tone(440)
		a.Media().WantPackets(10)
		stop()
		a.Bye()
	}},
	{"over REST", func(s *soak) {
		bob := s.callee()
		sid := s.p.callOut(s.t, "client:"+s.bob.Login, s.app.url+"/stay")
		b := bob.WantCall()
		b.Answer()
		s.p.must(s.t, 200, "POST", "/Calls.json/"+sid, map[string]string{"Status": "completed"})
		b.WantBye()
	}},
}

// phone is a phone for one call.
func (s *soak) phone(c seededClient, more ...func(*siptest.Options)) *siptest.Phone {
	return s.p.phone(s.t, c, more...)
}

// callee is bob's phone for one call, registered for it.
func (s *soak) callee(more ...func(*siptest.Options)) *siptest.Phone {
	bob := s.phone(s.bob, more...)
	bob.Register(300)
	return bob
}

// talk has alice call and bob answer, and lets both hear something.
func (s *soak) talk(to string) (a, b *siptest.Call) {
	bob := s.callee()
	a = s.phone(s.alice).Invite(to)
	b = bob.WantCall()
	b.Ring()
	b.Answer()
	a.WantFinal(200)
	stopA, stopB := a.Media().Tone(440), b.Media().Tone(1000)
	a.Media().WantPackets(10)
	b.Media().WantPackets(10)
	stopA()
	stopB()
	return a, b
}

// round makes one call of a kind. What it opened is closed behind it.
func (s *soak) round(i int) {
	kind := kinds[i%len(kinds)]
	s.t.Run(kind.name, func(t *testing.T) {
		one := *s
		one.t = t
		kind.call(&one)
		s.p.phone(t, s.bob).Register(0, "Contact: *")
	})
}
