package event_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tandem/switch/event"
)

func TestReadersGetEventsInOrder(t *testing.T) {
	var b event.Bus
	r := b.Subscribe(8, nil)
	defer r.Close()
	for code := range 3 {
		b.Publish(event.Event{Kind: event.CallEnded, Code: code})
	}
	for want := range 3 {
		e, lost, err := r.Next(t.Context())
		if err != nil || lost != 0 || e.Code != want {
			t.Fatalf("got code %d, lost %d, error %v; want code %d", e.Code, lost, err, want)
		}
	}
}

func TestSlowReaderLosesTheOldestAndIsTold(t *testing.T) {
	var b event.Bus
	r := b.Subscribe(2, nil)
	defer r.Close()
	for code := range 5 {
		b.Publish(event.Event{Code: code})
	}
	e, lost, err := r.Next(t.Context())
	if err != nil || lost != 3 || e.Code != 3 {
		t.Fatalf("got code %d, lost %d, error %v; want code 3, lost 3", e.Code, lost, err)
	}
	if e, lost, _ = r.Next(t.Context()); lost != 0 || e.Code != 4 {
		t.Errorf("got code %d, lost %d; want code 4, lost 0", e.Code, lost)
	}
}

func TestFilter(t *testing.T) {
	var b event.Bus
	r := b.Subscribe(4, func(e event.Event) bool { return e.Account == "AC1" })
	defer r.Close()
	b.Publish(event.Event{Account: "AC2", Code: 1})
	b.Publish(event.Event{Account: "AC1", Code: 2})
	if e, _, _ := r.Next(t.Context()); e.Code != 2 {
		t.Errorf("got code %d, want 2: the filter lets only AC1 through", e.Code)
	}
}

func TestNextWaitsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := event.New()
		r := b.Subscribe(1, nil)
		go func() {
			time.Sleep(time.Second)
			b.Publish(event.Event{Kind: event.CallBegan})
			time.Sleep(time.Second)
			r.Close()
		}()
		if e, _, err := r.Next(t.Context()); err != nil || e.Kind != event.CallBegan {
			t.Fatalf("got %v, %v; want the event published later", e.Kind, err)
		}
		if _, _, err := r.Next(t.Context()); !errors.Is(err, event.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("enough")
		cancel(cause)
		late := b.Subscribe(1, nil)
		defer late.Close()
		if _, _, err := late.Next(ctx); !errors.Is(err, cause) {
			t.Errorf("got %v, want the context's cause", err)
		}
		if !b.Watched() {
			t.Error("got unwatched, want watched while a reader is open")
		}
	})
}

func TestKindNames(t *testing.T) {
	if got := event.CallBridged.String(); got != "call.bridged" {
		t.Errorf("got %q, want call.bridged", got)
	}
	if got := event.Kind(200).String(); got != "unknown" {
		t.Errorf("got %q, want unknown", got)
	}
}

func BenchmarkPublishUnwatched(b *testing.B) {
	var bus event.Bus
	b.ReportAllocs()
	for b.Loop() {
		bus.Publish(event.Event{Kind: event.CallBegan})
	}
}
