package api

import (
	"fmt"
	"math"
	"net/http"
	"strconv"

	"bailiwick/internal/throttle"
)

// limit counts a request of a key and tells the client what is left (draft-ietf-httpapi-ratelimit-headers-10).
func limit(l *throttle.Limiter, h http.Header, key string) error {
	if l.PerMinute() == 0 {
		return nil
	}
	a := l.Take(key)
	seconds := int(math.Ceil(a.Wait.Seconds()))
	h.Set("RateLimit-Policy", fmt.Sprintf(`"key";q=%d;w=60`, l.PerMinute()))
	h.Set("RateLimit", fmt.Sprintf(`"key";r=%d;t=%d`, a.Left, seconds))
	if a.OK {
		return nil
	}
	return refusal(http.StatusTooManyRequests, "request.too_many", "Wait as long as Retry-After says. This key has used up its requests for now.").
		with("Retry-After", strconv.Itoa(max(1, seconds)))
}
