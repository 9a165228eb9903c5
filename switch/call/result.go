package call

import "time"

// best is the outcome of a fork that nobody has won: that of the leg which ended
// last; of legs that ended together busy goes over no-answer over failed (rcml.md 2.1.4).
type best struct {
	branch  *branch
	status  Status
	code    int
	at      time.Time
	cause   Cause
	headers []Header
	refused int // why the last target without a leg has none
}

var rank = [statuses]int{StatusBusy: 3, StatusNoAnswer: 2, StatusFailed: 1}

func (b *best) unplaced(code int) { b.refused = code }

func (b *best) ended(br *branch, status Status, n note) {
	if b.lost(br, status, n.event.Code, n.at) {
		b.cause, b.headers = n.event.Cause, n.event.Headers
	}
}

// lost takes a leg's outcome into account and reports whether it is the one that counts now.
func (b *best) lost(br *branch, status Status, code int, at time.Time) bool {
	if b.branch != nil && (at.Before(b.at) || at.Equal(b.at) && rank[status] <= rank[b.status]) {
		return false
	}
	*b = best{branch: br, status: status, code: code, at: at, refused: b.refused}
	return true
}

// result is how a fork ended that was never bridged.
func (f *fork) result() DialResult {
	b := &f.best
	if b.branch == nil {
		return DialResult{Status: StatusFailed, Code: b.refused}
	}
	return DialResult{
		Status: b.status, Child: b.branch.call.id, Code: b.code, Cause: b.cause, Headers: b.headers,
		SIPCallID: b.branch.call.leg.ID(), RingDuration: b.branch.rang(b.at), Duration: b.branch.talked(b.at),
	}
}

// canceled is how a fork ended whose caller went away before anybody was bridged.
func (f *fork) canceled() DialResult {
	res := DialResult{Status: StatusCanceled, Code: causeGone.Code, Cause: causeGone, EndedBy: ByCaller}
	if n := len(f.legs); n > 0 {
		last := f.legs[n-1]
		now := time.Now()
		res.Child, res.SIPCallID = last.call.id, last.call.leg.ID()
		res.RingDuration, res.Duration = last.rang(now), last.talked(now)
	}
	return res
}

// completed is how a conversation with w ended.
func (f *fork) completed(w *branch, t talk) DialResult {
	now := time.Now()
	res := DialResult{
		Status: StatusCompleted, Child: w.call.id, Bridged: true, Code: 200, SIPCallID: w.call.leg.ID(),
		RingDuration: w.rang(now), Duration: w.talked(now), EndedBy: t.by, Cause: t.cause,
	}
	if w.call.ask(func(s *state) { res.Headers = s.life.headers }) != nil {
		res.Headers = w.call.lastHeaders
	}
	return res
}

// rang is how long the leg rang, given when it ended.
func (b *branch) rang(end time.Time) time.Duration {
	if !b.answered.IsZero() {
		end = b.answered
	}
	return end.Sub(b.call.started)
}

// talked is how long the leg was answered, given when it ended.
func (b *branch) talked(end time.Time) time.Duration {
	if b.answered.IsZero() {
		return 0
	}
	return end.Sub(b.answered)
}
