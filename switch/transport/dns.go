package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"
)

const (
	dnsTimeout  = 2 * time.Second // for one question to one server
	dnsAttempts = 2               // rounds through all servers
	dnsAnswers  = 10_000          // kept in the cache
	longestTTL  = time.Hour
	emptyTTL    = 5 * time.Minute  // the longest that an empty answer is believed
	noSOATTL    = 30 * time.Second // an empty answer that says nothing of how long
	resolvConf  = "/etc/resolv.conf"
)

// dnsClient asks recursive servers and keeps their answers.
type dnsClient struct {
	given []netip.AddrPort

	once    sync.Once
	servers []string
	err     error

	mu      sync.Mutex
	answers map[dns.Question]*dnsAnswer
}

// dnsAnswer is one cached answer, or one that is being fetched.
type dnsAnswer struct {
	ready   chan struct{} // closed when the rest is valid
	records []dns.RR
	err     error
	expires time.Time
}

// lookup returns a name's records of one type; none is no error. A server that cannot answer this question (but lives) counts as none,
// because home routers do so with NAPTR and SRV, unless addresses were asked for.
func lookup[T dns.RR](ctx context.Context, c *dnsClient, name string, kind uint16) ([]T, error) {
	all, err := c.ask(ctx, dns.Question{Name: name, Qtype: kind, Qclass: dns.ClassINET})
	if errors.As(err, new(rcodeError)) && kind != dns.TypeA && kind != dns.TypeAAAA {
		err = nil
	}
	var records []T
	for _, rr := range all {
		if rr, ok := rr.(T); ok { // CNAMEs on the way there are left out
			records = append(records, rr)
		}
	}
	return records, err
}

// rcodeError is a server's answer that it cannot answer.
type rcodeError int

func (e rcodeError) Error() string { return "DNS says " + dns.RcodeToString[int(e)] }

// ask answers from the cache, or joins whoever is asking the same, or asks.
func (c *dnsClient) ask(ctx context.Context, q dns.Question) ([]dns.RR, error) {
	for {
		a, mine := c.cached(q)
		if mine {
			a.records, a.expires, a.err = c.fetch(ctx, q)
			close(a.ready)
			return a.records, a.err
		}
		select {
		case <-a.ready:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if a.err == nil || ctx.Err() == nil && !errors.Is(a.err, context.Canceled) && !errors.Is(a.err, context.DeadlineExceeded) {
			return a.records, a.err
		} // else it was the other one's context that ended
	}
}

// cached returns the entry to wait for, or one that the caller must fill.
func (c *dnsClient) cached(q dns.Question) (a *dnsAnswer, mine bool) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if a, ok := c.answers[q]; ok && a.valid(now) {
		return a, false
	}
	if c.answers == nil {
		c.answers = make(map[dns.Question]*dnsAnswer)
	}
	if len(c.answers) >= dnsAnswers {
		c.evict(now)
	}
	a = &dnsAnswer{ready: make(chan struct{})}
	c.answers[q] = a
	return a, true
}

func (a *dnsAnswer) valid(now time.Time) bool {
	select {
	case <-a.ready:
		return a.err == nil && now.Before(a.expires)
	default:
		return true
	}
}

// evict makes room: what has expired, else anything.
func (c *dnsClient) evict(now time.Time) {
	for q, a := range c.answers {
		if !a.valid(now) {
			delete(c.answers, q)
		}
	}
	for q := range c.answers {
		if len(c.answers) < dnsAnswers {
			return
		}
		delete(c.answers, q)
	}
}

// fetch asks each server, twice if need be.
func (c *dnsClient) fetch(ctx context.Context, q dns.Question) (records []dns.RR, expires time.Time, err error) {
	c.once.Do(c.configure)
	if c.err != nil {
		return nil, expires, c.err
	}
	for i := range dnsAttempts * len(c.servers) {
		if ctx.Err() != nil {
			return nil, expires, context.Cause(ctx)
		}
		server := c.servers[i%len(c.servers)]
		reply, e := exchange(ctx, q, server)
		switch {
		case e != nil:
			err = fmt.Errorf("ask DNS server %s: %w", server, e)
		case reply.Rcode == dns.RcodeSuccess || reply.Rcode == dns.RcodeNameError:
			return reply.Answer, time.Now().Add(ttl(reply)), nil
		default:
			err = rcodeError(reply.Rcode)
		}
	}
	return nil, expires, err
}

func (c *dnsClient) configure() {
	for _, s := range c.given {
		c.servers = append(c.servers, s.String())
	}
	if len(c.servers) > 0 {
		return
	}
	conf, err := dns.ClientConfigFromFile(resolvConf)
	if err == nil && len(conf.Servers) == 0 {
		err = errors.New("no nameserver")
	}
	if err != nil {
		c.err = fmt.Errorf("read %s: %w", resolvConf, err)
		return
	}
	for _, s := range conf.Servers {
		c.servers = append(c.servers, net.JoinHostPort(s, conf.Port))
	}
}

// exchange asks one server by UDP, and by TCP if the answer does not fit.
func exchange(ctx context.Context, q dns.Question, server string) (*dns.Msg, error) {
	m := new(dns.Msg)
	m.Id, m.RecursionDesired, m.Question = dns.Id(), true, []dns.Question{q}
	m.SetEdns0(1232, false)
	client := dns.Client{Net: "udp", UDPSize: 1232, Timeout: dnsTimeout}
	reply, _, err := client.ExchangeContext(ctx, m, server)
	if err == nil && reply.Truncated {
		client.Net = "tcp"
		reply, _, err = client.ExchangeContext(ctx, m, server)
	}
	return reply, err
}

// ttl is how long an answer may be kept (RFC 2308 §5 for an empty one).
func ttl(m *dns.Msg) time.Duration {
	longest := longestTTL
	records := m.Answer
	if len(records) == 0 {
		longest = noSOATTL
		for _, rr := range m.Ns {
			if soa, ok := rr.(*dns.SOA); ok {
				longest = min(emptyTTL, time.Duration(min(soa.Minttl, soa.Hdr.Ttl))*time.Second)
			}
		}
	}
	for _, rr := range records {
		longest = min(longest, time.Duration(rr.Header().Ttl)*time.Second)
	}
	return longest
}
