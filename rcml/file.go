package rcml

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Errors of local files.
var (
	ErrNoFolder = errors.New("no folder of local documents is configured")
	ErrTooLarge = errors.New("file is too large")
)

// ReadFile reads what a file: URL or a plain path names below folder, at most limit bytes. The path may be
// relative to the folder, or absolute and inside it; nothing outside can be reached, not by ".." and not by
// a symbolic link. The error is ErrNoFolder, ErrTooLarge, or the file system's.
func ReadFile(folder, ref string, limit int64) ([]byte, error) {
	if folder == "" {
		return nil, ErrNoFolder
	}
	name, err := localName(folder, ref)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenInRoot(folder, name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, inner(err))
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", name)
	case info.Size() > limit:
		return nil, fmt.Errorf("%s: %w", name, ErrTooLarge)
	}
	body, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = fmt.Errorf("%s: %w", name, ErrTooLarge)
	}
	return body, err
}

// inner is err without the path that the message says already.
func inner(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}

// localName is the path below folder that ref means.
func localName(folder, ref string) (string, error) {
	path := ref
	if isFile(ref) {
		u, err := url.Parse(ref)
		if err != nil || u.Host != "" && u.Host != "localhost" {
			return "", fmt.Errorf("%q is not a local file", ref)
		}
		if path = u.Path; u.Opaque != "" {
			if path, err = url.PathUnescape(u.Opaque); err != nil {
				return "", fmt.Errorf("%q is not a local file", ref)
			}
		}
	}
	if whole, err := filepath.Abs(folder); err == nil {
		if below, ok := strings.CutPrefix(path, whole+"/"); ok {
			path = below
		}
	}
	path = strings.TrimLeft(path, "/")
	if path == "" {
		return "", fmt.Errorf("%q names no file", ref)
	}
	return filepath.FromSlash(path), nil
}

// isFile reports whether ref is a file: URL.
func isFile(ref string) bool { return len(ref) >= 5 && strings.EqualFold(ref[:5], "file:") }
