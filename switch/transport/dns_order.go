package transport

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/miekg/dns"
)

// orderNAPTR sorts by order, then preference (RFC 3403 §4.1).
func orderNAPTR(records []*dns.NAPTR) []*dns.NAPTR {
	return slices.SortedStableFunc(slices.Values(records), func(a, b *dns.NAPTR) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Preference, b.Preference))
	})
}

// orderSRV sorts by priority and, within one, draws by weight (RFC 2782).
func orderSRV(records []*dns.SRV) []*dns.SRV {
	sorted := slices.SortedStableFunc(slices.Values(records), func(a, b *dns.SRV) int {
		// Weight 0 first: it is drawn only if the lot is 0.
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Weight, b.Weight))
	})
	for from := 0; from < len(sorted); {
		to := from
		for to < len(sorted) && sorted[to].Priority == sorted[from].Priority {
			to++
		}
		drawByWeight(sorted[from:to])
		from = to
	}
	return sorted
}

func drawByWeight(group []*dns.SRV) {
	for ; len(group) > 1; group = group[1:] {
		sum := 0
		for _, rr := range group {
			sum += int(rr.Weight)
		}
		lot, drawn := rand.IntN(sum+1), 0
		for run := int(group[0].Weight); run < lot; run += int(group[drawn].Weight) {
			drawn++
		}
		rr := group[drawn]
		copy(group[1:], group[:drawn]) // the rest keeps its order
		group[0] = rr
	}
}
