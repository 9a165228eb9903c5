package rcml

import (
	"fmt"
	"mime"
	"net/http"
	"strings"
)

// read makes a document of an answer by its content type.
func (e *Engine) read(resp *Response) (*Document, *failure) {
	if len(resp.Body) == 0 || resp.Status == http.StatusNoContent {
		return &Document{}, nil
	}
	if int64(len(resp.Body)) > e.cfg.MaxDocument {
		return nil, &failure{
			code: noteTooLarge, sip: 500, reason: "Document too large",
			err: fmt.Errorf("the document has %d bytes, %d are allowed", len(resp.Body), e.cfg.MaxDocument),
		}
	}
	kind, params, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	how := contentTypes[kind]
	switch text := strings.TrimLeft(string(resp.Body[:min(len(resp.Body), 64)]), "\ufeff \t\r\n"); {
	case kind == "" && e.profile.ReadUntyped && strings.HasPrefix(text, "<"),
		strings.HasSuffix(kind, "+xml"),
		kind == "text/plain" && (strings.HasPrefix(text, "<?xml") || strings.HasPrefix(text, "<Response")):
		how = asDocument
	}
	if how == nil {
		return nil, &failure{
			code: warnType, sip: 500, reason: "Content type not supported",
			err: fmt.Errorf("content type %q is not supported", kind),
		}
	}
	doc, err := how(e, resp, params["charset"])
	if err != nil {
		return nil, &failure{code: noteSyntax, sip: 500, reason: "Problem_to_parse_downloaded_RCML", err: err}
	}
	return doc, nil
}

type reader func(e *Engine, resp *Response, charset string) (*Document, error)

// contentTypes says what each type of answer is.
var contentTypes = map[string]reader{
	"text/xml": asDocument, "application/xml": asDocument, "text/html": asDocument,
	"text/plain": asSpeech,
	"audio/wav":  asSound, "audio/wave": asSound, "audio/x-wav": asSound, "audio/mpeg": asSound,
	"audio/mp3": asSound, "audio/basic": asSound, "audio/x-mulaw": asSound,
}

func asDocument(e *Engine, resp *Response, charset string) (*Document, error) {
	return e.parse(resp.Body, charset)
}

// asSound is a document of one Play.
func asSound(e *Engine, resp *Response, _ string) (*Document, error) {
	return e.single("Play", resp.URL)
}

// asSpeech is a document of one Say.
func asSpeech(e *Engine, resp *Response, charset string) (*Document, error) {
	text, err := decode(resp.Body, charset)
	if err != nil {
		return nil, err
	}
	return e.single("Say", strings.TrimSpace(string(text)))
}

func (e *Engine) single(verb, text string) (*Document, error) {
	doc := &Document{}
	doc.Verbs = verbs.parse([]*element{{name: verb, text: text, warnings: &doc.Warnings}}, e.profile)
	return doc, nil
}
