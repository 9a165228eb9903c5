package webhook

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// target reads an absolute http or https URL. Its errors never repeat what may be a password.
func target(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	return u, normal(u)
}

// normal checks u and takes away what does not belong into a request line or a signature.
func normal(u *url.URL) error {
	u.Scheme = strings.ToLower(u.Scheme)
	standard := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	switch {
	case standard == "":
		return fmt.Errorf("scheme %q is not http or https", u.Scheme)
	case u.Hostname() == "":
		return errors.New("no host")
	}
	u.Host = strings.TrimSuffix(u.Host, standard)
	return nil
}

// follow resolves a redirect. Credentials stay only on the host they were given for.
func follow(from *url.URL, location string) (*url.URL, error) {
	to, err := from.Parse(location)
	if err == nil {
		err = normal(to)
	}
	if err != nil {
		return nil, &Error{Code: CodeBadURL, URL: show(from), Err: errors.New("redirect to an impossible URL")}
	}
	if to.User == nil && to.Host == from.Host && to.Scheme == from.Scheme {
		to.User = from.User
	}
	return to, nil
}

// show is u without credentials.
func show(u *url.URL) string {
	c := *u
	c.User = nil
	return c.String()
}

// Redact is raw without the user information it may hold, for logs and records; of what is no
// URL, only what follows the last "@" is left, for a password may stand before it.
func Redact(raw string) string {
	u, err := url.Parse(raw)
	if err == nil {
		return show(u)
	}
	if at := strings.LastIndexByte(raw, '@'); at >= 0 {
		return "…" + raw[at:]
	}
	return raw
}
