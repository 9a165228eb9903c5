package rest

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"tandem/switch/directory"
)

// Config is how the API behaves. Where it listens is not its business.
type Config struct {
	PublicURL       string   `toml:"public_url"`        // scheme and host of absolute URLs; "": those of the request
	HTTPSOnly       bool     `toml:"https_only"`        // refuse plain requests of the API
	TimeZone        string   `toml:"timezone"`          // of dates in answers and filters
	ISODates        bool     `toml:"iso_dates"`         // ISO 8601 for every date
	CORSOrigins     []string `toml:"cors_origins"`      // origins whose pages may call the API
	Region          string   `toml:"default_region"`    // ISO 3166 country that national numbers are read in
	CheckPasswords  bool     `toml:"check_passwords"`   // refuse weak ones
	TokenDerivation string   `toml:"token_derivation"`  // "md5" or "random"
	AllStatusEvents bool     `toml:"all_status_events"` // a call's StatusCallback without events gets all four, not completed alone
	Normalize       bool     `toml:"normalize"`         // bring the To of a call into E.164
}

// Default is the configuration that the specification describes.
func Default() Config {
	return Config{TimeZone: "UTC", Region: "US", CheckPasswords: true, TokenDerivation: string(directory.DeriveMD5), Normalize: true}
}

// Validate names every mistake.
func (c Config) Validate() error {
	var errs []error
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https")) {
		errs = append(errs, fmt.Errorf("http.public_url: %q is not an http or https URL", c.PublicURL))
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		errs = append(errs, fmt.Errorf("http.timezone: %w", err))
	}
	if len(c.Region) != 2 {
		errs = append(errs, fmt.Errorf("http.default_region: %q is not a country of two letters", c.Region))
	}
	switch directory.Derivation(c.TokenDerivation) {
	case directory.DeriveMD5, directory.DeriveRandom:
	default:
		errs = append(errs, fmt.Errorf("http.token_derivation: %q is neither md5 nor random", c.TokenDerivation))
	}
	for _, o := range c.CORSOrigins {
		if u, err := url.Parse(o); err != nil || u.Scheme == "" || u.Host == "" {
			errs = append(errs, fmt.Errorf("http.cors_origins: %q is not an origin such as https://app.example.net", o))
		}
	}
	return errors.Join(errs...)
}
