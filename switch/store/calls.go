package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/media"
	"tandem/switch/call"
	"tandem/switch/cdr"
)

var calls = table[cdr.Record]{
	name: "calls",
	columns: columns(`sid parent account number_sid direction status from_user to_user caller_name forwarded_from
		client source user_agent sip_call_id code ended_by cause_code cause bridged created rang answered ended updated duration
		packets_received packets_sent bytes_received bytes_sent packets_lost packets_dropped jitter_us`),
	scan: scanCall,
}

// keptColumns never change. To name them in an update would write their indexes anew.
var keptColumns = columns(`sid parent account created`)

// saveCall writes a call's row, or writes over the one from its beginning.
var saveCall = func() string {
	var set []string
	for _, c := range calls.columns {
		if !slices.Contains(keptColumns, c) {
			set = append(set, c+" = excluded."+c)
		}
	}
	return fmt.Sprintf("INSERT INTO calls (%s) VALUES (%s) ON CONFLICT (sid) DO UPDATE SET %s",
		strings.Join(calls.columns, ", "), marks(len(calls.columns)), strings.Join(set, ", "))
}()

type callRow cdr.Record

func (r *callRow) statement(args []driver.Value) (string, []driver.Value) {
	m := &r.Media
	duration := int64(0)
	if !r.Ended.IsZero() {
		duration = r.Duration().Milliseconds()
	}
	return saveCall, append(args,
		string(r.ID), string(r.Parent), r.Account, r.NumberSID, r.Direction.String(), r.Status.String(), r.From, r.To,
		r.CallerName, r.ForwardedFrom, r.Client, r.Source, r.UserAgent, r.SIPCallID, int64(r.Code), int64(r.Cause.By), int64(r.Cause.Code), r.Cause.Text,
		r.Bridged, milli(r.Created), milli(r.Rang), milli(r.Answered), milli(r.Ended), milli(r.Updated), duration,
		int64(m.Received), int64(m.Sent), int64(m.ReceivedBytes), int64(m.SentBytes), int64(m.Lost), droppedText(m.Dropped),
		m.Jitter.Microseconds())
}

func scanCall(row scanner, r *cdr.Record) error {
	var direction, status, dropped string
	var duration, jitter int64
	m := &r.Media
	err := row.Scan(&r.ID, &r.Parent, &r.Account, &r.NumberSID, &direction, &status, &r.From, &r.To,
		&r.CallerName, &r.ForwardedFrom, &r.Client, &r.Source, &r.UserAgent, &r.SIPCallID, &r.Code, &r.Cause.By, &r.Cause.Code, &r.Cause.Text,
		&r.Bridged, at{&r.Created}, at{&r.Rang}, at{&r.Answered}, at{&r.Ended}, at{&r.Updated}, &duration,
		&m.Received, &m.Sent, &m.ReceivedBytes, &m.SentBytes, &m.Lost, &dropped, &jitter)
	if err != nil {
		return err
	}
	m.Jitter = time.Duration(jitter) * time.Microsecond
	m.Dropped = droppedCounts(dropped)
	r.Status, _ = call.ParseStatus(status)
	for _, d := range []call.Direction{call.Inbound, call.OutboundAPI, call.OutboundDial} {
		if d.String() == direction {
			r.Direction = d
		}
	}
	return nil
}

// droppedText is the counters in the order of media.Drop, "" when all are zero.
func droppedText(counts [media.DropReasons]uint64) string {
	if counts == [media.DropReasons]uint64{} {
		return ""
	}
	text := make([]string, len(counts))
	for i, n := range counts {
		text[i] = strconv.FormatUint(n, 10)
	}
	return strings.Join(text, ",")
}

func droppedCounts(text string) (counts [media.DropReasons]uint64) {
	for i, s := range strings.Split(text, ",") {
		if i < len(counts) {
			counts[i], _ = strconv.ParseUint(s, 10, 64) // "" is none
		}
	}
	return counts
}

// SaveCall queues a call's record, in place of the one that was written before.
func (s *Store) SaveCall(r *cdr.Record) {
	if r.Updated.IsZero() {
		r.Updated = time.Now()
	}
	s.writer.save((*callRow)(r))
}

// answerRow is the answer of a call that is up.
type answerRow struct {
	id             call.ID
	rang, answered time.Time
}

func (r *answerRow) statement(args []driver.Value) (string, []driver.Value) {
	return `UPDATE calls SET status = 'in-progress', rang = ?, answered = ?, updated = ? WHERE sid = ? AND ended = 0`,
		append(args, milli(r.rang), milli(r.answered), milli(r.answered), string(r.id))
}

// SaveAnswer queues the answer of a call whose record has begun.
func (s *Store) SaveAnswer(id call.ID, rang, answered time.Time) {
	s.writer.save(&answerRow{id, rang, answered})
}

// answer is what an answerRow would do to the record once it is written.
func (r *callRow) answer(a *answerRow) {
	if r.Ended.IsZero() {
		r.Status, r.Rang, r.Answered, r.Updated = call.StatusInProgress, a.rang, a.answered, a.answered
	}
}

// Full tells whether new calls should be refused because the disk does not keep up.
func (s *Store) Full() bool { return s.writer.full() }

// Call returns the record of a call that is on disk.
func (s *Store) Call(ctx context.Context, id call.ID) (cdr.Record, bool, error) {
	list, err := calls.all(ctx, s.readers, "WHERE sid = ?", string(id))
	if err != nil || len(list) == 0 {
		return cdr.Record{}, false, err
	}
	return list[0], true, nil
}

// Orphans ends the records of calls that were up when the process died, and says
// so in them. Their end is the last sign of life that process left. It returns
// how many there were; call it before calls are taken.
func (s *Store) Orphans(ctx context.Context) (int, error) {
	var n int64
	seen, _ := s.Setting("alive") // as the process before us left it
	alive, _ := strconv.ParseInt(seen, 10, 64)
	err := s.writer.do(ctx, func(tx execer) error {
		var last sql.NullInt64
		if err := tx.QueryRow("SELECT max(updated) FROM calls WHERE ended = 0").Scan(&last); err != nil {
			return calls.wrap("read", err)
		}
		end := max(alive, last.Int64)
		result, err := tx.Exec(`UPDATE calls SET status = 'failed', ended = ?, updated = ?, ended_by = ?, cause = ?,
 duration = CASE WHEN answered > 0 THEN ? - answered ELSE 0 END WHERE ended = 0`,
			end, time.Now().UnixMilli(), int64(call.ByFailure), diedText, end)
		if err != nil {
			return calls.wrap("end orphans in", err)
		}
		n, err = result.RowsAffected()
		return err
	}, nil)
	return int(n), err
}

const diedText = "The switch died while the call was up"
