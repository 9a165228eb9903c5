// Package offer is SDP offer/answer (RFC 3264, RFC 8866) for one party's audio.
package offer
