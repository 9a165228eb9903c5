package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
)

// Notification codes of what can go wrong with a request, as the dictionary of the REST API has them.
const (
	CodeBadURL    = 11100 // cannot be parsed, or a scheme that is not allowed
	CodeStatus    = 11200 // an answer other than 2xx
	CodeConnect   = 11205 // no connection, or no answer in time
	CodeProtocol  = 11206 // the answer is not HTTP
	CodeRedirects = 11215 // too many redirects
	CodeTLS       = 11237 // certificate or handshake
	CodeTooLarge  = 11750 // body above its limit
	CodeNotFound  = 21402 // the answer was 404
)

// Error is a request that got no usable answer.
type Error struct {
	Code int    // one of the notification codes above
	URL  string // that failed, without credentials
	Err  error
}

// Error names the URL and the reason.
func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.URL, e.Err) }

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// NotificationCode is the code under which users find the error.
func (e *Error) NotificationCode() int { return e.Code }

// FailedURL is the URL that failed, without credentials.
func (e *Error) FailedURL() string { return e.URL }

// ErrRefused is behind the error of a request to an address the guard does not allow.
var ErrRefused = errors.New("address is not allowed (web.allow_private)")

// ErrTimeout is behind the error of a request that took too long.
var ErrTimeout = errors.New("no answer in time")

var (
	errRedirects = errors.New("too many redirects")
	errTooLarge  = errors.New("body is too large")
)

// classify finds the notification code of an error of the transport.
func classify(err error) int {
	var (
		record *tls.RecordHeaderError
		verify *tls.CertificateVerificationError
		alert  tls.AlertError
		host   x509.HostnameError
		issuer x509.UnknownAuthorityError
		cert   x509.CertificateInvalidError
		dns    *net.DNSError
		op     *net.OpError
	)
	switch {
	case errors.As(err, &record), errors.As(err, &verify), errors.As(err, &alert),
		errors.As(err, &host), errors.As(err, &issuer), errors.As(err, &cert),
		errors.Is(err, http.ErrSchemeMismatch),
		strings.Contains(err.Error(), "TLS handshake"), strings.Contains(err.Error(), "tls: "):
		return CodeTLS
	case errors.Is(err, ErrRefused), errors.Is(err, ErrTimeout), errors.As(err, &dns), errors.As(err, &op),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe),
		errors.Is(err, net.ErrClosed), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.ECONNREFUSED):
		return CodeConnect
	}
	return CodeProtocol
}
