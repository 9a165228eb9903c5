package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"tandem/media"
	"tandem/media/audio"
	"tandem/rcml"
	"tandem/switch/webhook"
)

// prompts finds sound by URL or below a folder, decodes it once and keeps it in memory.
type prompts struct {
	client *webhook.Client
	folder string
	limit  int64
	cache  *otter.Cache[string, *cachedPrompt]
}

// cachedPrompt is decoded sound and what its server said about its age (RFC 9111).
type cachedPrompt struct {
	prompt         *media.Prompt
	etag, modified string
	fresh          time.Time // until then nobody is asked
}

func newPrompts(client *webhook.Client, folder string, cfg webhook.Config) *prompts {
	return &prompts{
		client: client, folder: folder, limit: cfg.MaxMedia,
		cache: otter.Must(&otter.Options[string, *cachedPrompt]{
			MaximumWeight: uint64(max(cfg.CacheMedia, 1)),
			Weigher:       func(_ string, c *cachedPrompt) uint32 { return uint32(min(2*len(c.prompt.Samples), 1<<31)) },
		}),
	}
}

// Prompt returns the sound at an http or https URL, or at a file: URL or path below the folder.
func (p *prompts) Prompt(ctx context.Context, account, url string) (*media.Prompt, error) {
	if strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://") {
		return p.fetch(ctx, account, url)
	}
	file, err := rcml.ReadFile(p.folder, url, p.limit)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(file) // a file that was changed is another sound
	key := "file " + string(sum[:])
	if c, ok := p.cache.GetIfPresent(key); ok {
		return c.prompt, nil
	}
	prompt, err := decode(url, file)
	if err != nil {
		return nil, err
	}
	p.cache.Set(key, &cachedPrompt{prompt: prompt})
	return prompt, nil
}

// fetch asks the server, unless what it said last still holds.
func (p *prompts) fetch(ctx context.Context, account, url string) (*media.Prompt, error) {
	key := account + " " + url
	known, _ := p.cache.GetIfPresent(key)
	if known != nil && time.Now().Before(known.fresh) {
		return known.prompt, nil
	}
	answer, err := p.client.Do(ctx, webhook.Request{Account: account, Kind: webhook.Media, Method: http.MethodGet, URL: url, Limit: p.limit, Header: known.validators()})
	if err != nil {
		return nil, err
	}
	if answer.Status == http.StatusNotModified && known != nil {
		p.keep(key, known.prompt, answer.Header)
		return known.prompt, nil
	}
	if answer.Status != http.StatusOK {
		return nil, fmt.Errorf("%s answered %d", webhook.Redact(url), answer.Status)
	}
	prompt, err := decode(url, answer.Body)
	if err != nil {
		return nil, err
	}
	p.keep(key, prompt, answer.Header)
	return prompt, nil
}

// validators are the headers that ask whether the copy is still good.
func (c *cachedPrompt) validators() http.Header {
	h := http.Header{}
	if c == nil {
		return h
	}
	if c.etag != "" {
		h.Set("If-None-Match", c.etag)
	}
	if c.modified != "" {
		h.Set("If-Modified-Since", c.modified)
	}
	return h
}

// keep stores a prompt for as long as its server allows.
func (p *prompts) keep(key string, prompt *media.Prompt, h http.Header) {
	c := &cachedPrompt{prompt: prompt, etag: h.Get("ETag"), modified: h.Get("Last-Modified")}
	for directive := range strings.SplitSeq(strings.ToLower(h.Get("Cache-Control")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store":
			p.cache.Invalidate(key)
			return
		case "no-cache":
			c.fresh = time.Time{}
		case "max-age":
			if seconds, err := strconv.Atoi(strings.Trim(value, `"`)); err == nil && seconds > 0 {
				c.fresh = time.Now().Add(time.Duration(min(seconds, 86400)) * time.Second)
			}
		}
	}
	p.cache.Set(key, c)
}

func decode(url string, file []byte) (*media.Prompt, error) {
	prompt, err := audio.DecodeWAV(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", webhook.Redact(url), err)
	}
	return prompt, nil
}
