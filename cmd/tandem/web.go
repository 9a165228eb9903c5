package main

import (
	"context"

	"tandem/rcml"
	"tandem/switch/webhook"
)

// web lets documents speak HTTP through the one guarded client.
type web struct {
	client *webhook.Client
	queue  *webhook.Queue
}

// Fetch is rcml.Fetcher.
func (w web) Fetch(ctx context.Context, r rcml.Request) (*rcml.Response, error) {
	kind := webhook.Document
	if r.Action {
		kind = webhook.Action
	}
	answer, err := w.client.Do(ctx, webhook.Request{
		Account: r.Account, Kind: kind, Method: r.Method, URL: r.URL, Params: webhook.Params(r.Form), Jar: r.Jar,
	})
	if err != nil {
		return nil, err
	}
	return &rcml.Response{Status: answer.Status, Header: answer.Header, Body: answer.Body, URL: answer.URL}, nil
}

// Callback is rcml.Callbacks.
func (w web) Callback(cb rcml.Callback) {
	w.queue.Send(webhook.Notice{
		Line: cb.Call, Account: cb.Account, Method: cb.Method, URL: cb.URL, Params: webhook.Params(cb.Form), Jar: cb.Jar,
	})
}
