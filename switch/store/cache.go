package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"sync"
	"sync/atomic"

	"tandem/switch/directory"
)

// cache is what is read without the disk. Only Open and the writer's goroutine change it.
type cache struct {
	accounts        kept[directory.Account]
	accountsByEmail kept[directory.Account] // by lower-cased e-mail
	clients         kept[directory.Client]
	clientsByLogin  kept[directory.Client]
	applications    kept[directory.Application]
	numbers         kept[directory.Number]
	dialled         *directory.Numbers
	routes          atomic.Pointer[routes]
	settings        kept[string]
}

// kept is a map that readers never wait for. Values are not changed once they are in.
type kept[T any] struct{ m sync.Map }

func (k *kept[T]) get(key string) (T, bool) {
	if v, ok := k.m.Load(key); ok {
		return *v.(*T), true
	}
	var zero T
	return zero, false
}

func (k *kept[T]) put(key string, v T) { k.m.Store(key, &v) }
func (k *kept[T]) delete(key string)   { k.m.Delete(key) }

// list returns the values that pick takes, in the order of less; nil: in any.
func (k *kept[T]) list(pick func(*T) bool, less func(a, b *T) int) []T {
	var found []*T
	for _, v := range k.m.Range {
		if t := v.(*T); pick(t) {
			found = append(found, t)
		}
	}
	if less != nil {
		slices.SortFunc(found, less)
	}
	list := make([]T, len(found))
	for i, t := range found {
		list[i] = *t
	}
	return list
}

func (c *cache) load(ctx context.Context, db *sql.DB, region string) error {
	c.dialled = directory.NewNumbers(region, nil)
	return first(
		fill(ctx, db, &settings, func(s setting) { c.settings.put(s.name, s.value) }),
		fill(ctx, db, &accounts, c.putAccount),
		fill(ctx, db, &applications, c.putApplication),
		fill(ctx, db, &clients, c.putClient),
		fill(ctx, db, &numbers, c.putNumber),
		c.loadRoutes(ctx, db),
	)
}

func fill[T any](ctx context.Context, db *sql.DB, t *table[T], put func(T)) error {
	list, err := t.all(ctx, db, "")
	for _, v := range list {
		put(v)
	}
	return err
}

// byCreation orders things by when they were made, then by SID.
func byCreation[T any](created func(*T) (int64, string)) func(a, b *T) int {
	return func(a, b *T) int {
		ca, sa := created(a)
		cb, sb := created(b)
		return cmp.Or(cmp.Compare(ca, cb), cmp.Compare(sa, sb))
	}
}
