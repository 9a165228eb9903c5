package webhook_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/switch/webhook"
)

// receiver notes what arrives and when.
type receiver struct {
	mu    sync.Mutex
	began time.Time
	got   []string
}

func (r *receiver) note(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, s+"@"+strconv.Itoa(int(time.Since(r.began).Seconds())))
}

func (r *receiver) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.got, " ")
}

// queued runs f with a queue whose receiver answers by handle, and shuts the queue down behind it.
func queued(t *testing.T, handle func(*receiver, http.ResponseWriter, *http.Request), f func(q *webhook.Queue, send func(line, n string), r *receiver)) {
	t.Helper()
	bubble(t, func(w *world, c *webhook.Client) {
		r := &receiver{began: time.Now()}
		w.serve("app", func(rw http.ResponseWriter, req *http.Request) { handle(r, rw, req) })
		q := webhook.NewQueue(c, nil)
		ctx, stop := context.WithCancel(w.t.Context())
		ended := make(chan error)
		go func() { ended <- q.Serve(ctx) }()
		f(q, func(line, n string) {
			q.Send(webhook.Notice{Line: line, Account: line, URL: "http://app/" + n, Params: webhook.Params{{"n", n}}})
		}, r)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if q.Pending() != 0 {
			t.Errorf("%d are left after shutdown", q.Pending())
		}
	})
}

func TestNoticesOfACallKeepTheirOrderAndOthersDoNotWait(t *testing.T) {
	queued(t, func(r *receiver, _ http.ResponseWriter, req *http.Request) {
		if req.FormValue("n")[0] == 'a' {
			time.Sleep(4 * time.Second)
		}
		r.note(req.FormValue("n"))
	}, func(_ *webhook.Queue, send func(line, n string), r *receiver) {
		for _, n := range []string{"a1", "a2", "a3"} {
			send("A", n)
		}
		send("B", "b1")
		time.Sleep(13 * time.Second)
		if got, want := r.String(), "b1@0 a1@4 a2@8 a3@12"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestNoticeIsTriedTwice(t *testing.T) {
	for _, row := range []struct {
		status int
		want   string
	}{{500, "x@0 x@1 y@1 y@2"}, {404, "x@0 y@0"}, {200, "x@0 y@0"}} {
		t.Run(strconv.Itoa(row.status), func(t *testing.T) {
			queued(t, func(r *receiver, rw http.ResponseWriter, req *http.Request) {
				r.note(req.FormValue("n"))
				rw.WriteHeader(row.status)
			}, func(_ *webhook.Queue, send func(line, n string), r *receiver) {
				send("A", "x")
				send("A", "y")
				time.Sleep(10 * time.Second)
				if got := r.String(); got != row.want {
					t.Errorf("got %s, want %s", got, row.want)
				}
			})
		})
	}
}

func TestShutdownDeliversForFiveSeconds(t *testing.T) {
	var r *receiver
	queued(t, func(into *receiver, _ http.ResponseWriter, req *http.Request) {
		r = into
		time.Sleep(2 * time.Second)
		into.note(req.FormValue("n"))
	}, func(_ *webhook.Queue, send func(line, n string), _ *receiver) {
		for _, n := range []string{"1", "2", "3", "4"} {
			send("A", n)
		}
		synctest.Wait()
	})
	if got := r.String(); !strings.HasPrefix(got, "1@2 2@4") || strings.Contains(got, "4@") {
		t.Errorf("got %s", got)
	}
}

func TestQueueIsBounded(t *testing.T) {
	queued(t, func(_ *receiver, _ http.ResponseWriter, req *http.Request) { <-req.Context().Done() },
		func(q *webhook.Queue, send func(line, n string), _ *receiver) {
			send("A", "first")
			synctest.Wait()
			for range 500 {
				send("A", "more")
			}
			if got := q.Pending(); got != 101 {
				t.Errorf("got %d waiting, want 101", got)
			}
		})
}
