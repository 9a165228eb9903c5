package store

import (
	"context"

	"tandem/switch/directory"
)

var numbers = table[directory.Number]{
	name: "numbers",
	columns: columns(`sid account friendly_name phone sip
		voice_url voice_method voice_fallback_url voice_fallback_method voice_application
		sms_url sms_method sms_fallback_url sms_fallback_method sms_application
		ussd_url ussd_method ussd_fallback_url ussd_fallback_method ussd_application
		refer_url refer_method refer_application status_callback status_callback_method caller_id_lookup
		can_voice can_sms can_mms can_fax cost api_version created updated`),
	scan: func(row scanner, n *directory.Number) error {
		v, m, u, r := &n.Voice, &n.SMS, &n.USSD, &n.Refer
		return row.Scan(&n.SID, &n.Account, &n.FriendlyName, &n.Phone, &n.SIP,
			&v.URL, &v.Method, &v.FallbackURL, &v.FallbackMethod, ref{&v.Application},
			&m.URL, &m.Method, &m.FallbackURL, &m.FallbackMethod, ref{&m.Application},
			&u.URL, &u.Method, &u.FallbackURL, &u.FallbackMethod, ref{&u.Application},
			&r.URL, &r.Method, ref{&r.Application}, &n.StatusCallback, &n.StatusCallbackMethod, &n.CallerIDLookup,
			&n.Can.Voice, &n.Can.SMS, &n.Can.MMS, &n.Can.Fax, &n.Cost, &n.APIVersion, at{&n.Created}, at{&n.Updated})
	},
	args: func(n *directory.Number) []any {
		v, m, u, r := &n.Voice, &n.SMS, &n.USSD, &n.Refer
		return []any{
			n.SID, n.Account, n.FriendlyName, n.Phone, n.SIP,
			v.URL, v.Method, v.FallbackURL, v.FallbackMethod, null(v.Application),
			m.URL, m.Method, m.FallbackURL, m.FallbackMethod, null(m.Application),
			u.URL, u.Method, u.FallbackURL, u.FallbackMethod, null(u.Application),
			r.URL, r.Method, null(r.Application), n.StatusCallback, n.StatusCallbackMethod, n.CallerIDLookup,
			n.Can.Voice, n.Can.SMS, n.Can.MMS, n.Can.Fax, n.Cost, n.APIVersion, milli(n.Created), milli(n.Updated),
		}
	},
}

func (c *cache) putNumber(n directory.Number) {
	c.numbers.put(n.SID, n)
	c.dialled.Put(n)
}

// Number returns the number that takes a call to the dialled user, as directory.Numbers finds it.
func (s *Store) Number(dialled string) (directory.Number, bool) { return s.cache.dialled.Find(dialled) }

// NumberBySID returns the number of that SID.
func (s *Store) NumberBySID(sid string) (directory.Number, bool) { return s.cache.numbers.get(sid) }

// Numbers returns the numbers of an account, oldest first.
func (s *Store) Numbers(account string) []directory.Number {
	return s.cache.numbers.list(func(n *directory.Number) bool { return n.Account == account },
		byCreation(func(n *directory.Number) (int64, string) { return milli(n.Created), n.SID }))
}

// CreateNumber adds a number. The error is directory.ErrExists when there is one of the same text.
func (s *Store) CreateNumber(ctx context.Context, n directory.Number) error {
	return s.writer.do(ctx, func(tx execer) error { return numbers.insert(tx, &n) }, func() { s.cache.putNumber(n) })
}

// ChangeNumber applies change to the number as it is now, and keeps the result
// unless change returns an error. SID and Phone stay as they are.
func (s *Store) ChangeNumber(ctx context.Context, sid string, change func(*directory.Number) error) (directory.Number, error) {
	var n directory.Number
	err := s.writer.do(ctx, func(tx execer) error {
		old, ok := s.NumberBySID(sid)
		if !ok {
			return directory.ErrNotFound
		}
		next := old
		if err := change(&next); err != nil {
			return err
		}
		next.SID, next.Phone, next.SIP = old.SID, old.Phone, old.SIP
		n = next
		return numbers.update(tx, &n)
	}, func() { s.cache.putNumber(n) })
	return n, err
}

// DeleteNumber removes a number; directory.ErrNotFound when it is not there.
func (s *Store) DeleteNumber(ctx context.Context, sid string) error {
	var gone directory.Number
	return s.writer.do(ctx, func(tx execer) error {
		gone, _ = s.NumberBySID(sid)
		return numbers.delete(tx, sid)
	}, func() {
		s.cache.numbers.delete(sid)
		s.cache.dialled.Delete(gone.Phone)
	})
}
