package webhook_test

import (
	"strings"
	"testing"

	"tandem/switch/webhook"
)

func TestConfig(t *testing.T) {
	if err := webhook.Default().Validate(); err != nil {
		t.Errorf("the default is wrong: %v", err)
	}
	err := webhook.Config{MaxRedirects: -1, CallbackRetries: 11, TLSMode: "off"}.Validate()
	for _, key := range []string{
		"connect_timeout", "timeout", "media_timeout", "max_document_bytes", "max_media_bytes", "cache_media_bytes", "per_account",
		"max_redirects", "callback_retries", "callback_queue", "callback_pending", "callback_pause", "callback_drain", "tls_mode",
	} {
		if err == nil || !strings.Contains(err.Error(), "web."+key+":") {
			t.Errorf("web.%s is not complained about: %v", key, err)
		}
	}
}

func TestRedact(t *testing.T) {
	for raw, want := range map[string]string{
		"http://u:p@h/x?y": "http://h/x?y", "http://h/x": "http://h/x", "http://u:p@bad host/": "…@bad host/", "no url at all": "no%20url%20at%20all",
		"http://u:p@h@bad host/": "…@bad host/",
	} {
		if got := webhook.Redact(raw); got != want {
			t.Errorf("%s: got %s, want %s", raw, got, want)
		}
	}
}
