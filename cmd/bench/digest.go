package bench

import (
	"fmt"

	"github.com/icholy/digest"
)

// authorizer answers one challenge again and again, with a rising nonce count.
type authorizer struct {
	client    client
	challenge *digest.Challenge
	header    string // Authorization or Proxy-Authorization
	count     int
}

// newAuthorizer takes the challenge of a 401 or 407.
func newAuthorizer(c client, code int, challenge string) (*authorizer, error) {
	parsed, err := digest.ParseChallenge(challenge)
	if err != nil {
		return nil, fmt.Errorf("challenge %q: %w", challenge, err)
	}
	a := &authorizer{client: c, challenge: parsed, header: "Authorization"}
	if code == 407 {
		a.header = "Proxy-Authorization"
	}
	return a, nil
}

// line is the header line for one request.
func (a *authorizer) line(method, uri string) (string, error) {
	a.count++
	c, err := digest.Digest(a.challenge, digest.Options{
		Method: method, URI: uri, Count: a.count, Username: a.client.Login, Password: a.client.Password,
	})
	if err != nil {
		return "", fmt.Errorf("digest: %w", err)
	}
	return a.header + ": " + c.String() + "\r\n", nil
}
