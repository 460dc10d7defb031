package brand

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // kinds that are read
	"image/jpeg"
	"image/png"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/file"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
)

// Image names a picture that is kept: by its content, its size in pixels and its kind.
type Image string

var imageForm = regexp.MustCompile(`^([0-9a-f]{64})-([0-9]{1,4})x([0-9]{1,4})\.(png|jpg|svg)$`)

// URL is the address of the picture on every host, "" for none.
func (i Image) URL() string {
	if i == "" {
		return ""
	}
	return Prefix + string(i)
}

// Size is the picture's size in pixels.
func (i Image) Size() (width, height int) {
	m := imageForm.FindStringSubmatch(string(i))
	if m == nil {
		return 0, 0
	}
	width, _ = strconv.Atoi(m[2])  //nolint:errcheck // up to four digits
	height, _ = strconv.Atoi(m[3]) //nolint:errcheck // up to four digits
	return width, height
}

// Kind is "png", "jpg" or "svg".
func (i Image) Kind() string {
	_, kind, _ := strings.Cut(string(i), ".")
	return kind
}

// Vector reports whether the picture is drawn from lines. Programs that read mail do not show those.
func (i Image) Vector() bool { return i.Kind() == vector }

const vector = "svg"

// Slot is a place for a picture: the name of its setting.
type Slot string

// The slots.
const (
	Logo   Slot = "brand.logo"
	Header Slot = "brand.header"
	Footer Slot = "brand.footer"
)

// bounds are what a picture may have when it arrives, and what it is made to have.
type bounds struct {
	bytes  int64
	width  int // as it is kept, in pixels
	height int
}

// Limits of pictures. mostPixels bounds the memory that reading one takes, whatever its file says.
const (
	mostPixels = 12 << 20
	mostKept   = 1 << 20
	quality    = 88
)

func boundsOf(slot Slot) bounds {
	if slot == Logo {
		return bounds{200 << 10, 512, 512}
	}
	return bounds{500 << 10, 1200, 600}
}

func notAnImage() error {
	return errs.New(errs.Invalid, "brand.not_image", "Choose a PNG, JPEG, GIF or WebP image. This file is none that can be read.")
}

// KeepPicture reads a picture for a slot, makes it anew so that nothing but the picture is left of it, and keeps it for the
// setting of the slot to name. One that no setting names within a day is removed.
func (s *Service) KeepPicture(ctx context.Context, by authz.Actor, account ids.Account, slot Slot, from io.Reader) (Image, error) {
	if _, _, err := s.op.Read(ctx, by, authz.BrandingEdit, account); err != nil {
		return "", err
	}
	b := boundsOf(slot)
	body, err := io.ReadAll(io.LimitReader(from, b.bytes+1))
	if err != nil {
		return "", fmt.Errorf("read a picture: %w", err)
	}
	if int64(len(body)) > b.bytes {
		return "", errs.New(errs.Invalid, "brand.image_large", "Choose a smaller image. It may have up to {most} KB.", "most", b.bytes>>10)
	}
	made, kind, size, err := s.remake(ctx, slot, body)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(made)
	name := Image(fmt.Sprintf("%s-%dx%d.%s", hex.EncodeToString(sum[:]), size.X, size.Y, kind))
	return name, s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		if there, err := again(ctx, tx, name); there || err != nil {
			return err
		}
		id := ids.NewFile(tx.Now())
		if err := file.CreateIn(ctx, tx, id, account, string(name)); err != nil {
			return err
		}
		for rest := made; len(rest) > 0; {
			n := min(len(rest), file.PartSize)
			if err := s.files.AppendIn(ctx, tx, id, rest[:n], n == len(rest)); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return keep(ctx, tx, name, id, len(made))
	})
}

// remake reads a picture and writes it anew. Few are read at once.
func (s *Service) remake(ctx context.Context, slot Slot, body []byte) (made []byte, kind string, size image.Point, err error) {
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-ctx.Done():
		return nil, "", size, fmt.Errorf("wait for other pictures: %w", ctx.Err())
	}
	if looksLikeSVG(body) {
		if slot != Logo {
			return nil, "", size, errs.New(errs.Invalid, "brand.image_vector", "Choose a PNG or JPEG image. Programs that read mail show no SVG.")
		}
		made, size, err = cleanSVG(body)
		return made, vector, size, err
	}
	return redraw(body, boundsOf(slot))
}

// redraw decodes a picture, shrinks it to its bounds and encodes it.
func redraw(body []byte, b bounds) (made []byte, kind string, size image.Point, err error) {
	head, format, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil {
		return nil, "", size, notAnImage()
	}
	if head.Width < 1 || head.Height < 1 || head.Width > mostPixels || head.Height > mostPixels || head.Width*head.Height > mostPixels {
		return nil, "", size, errs.New(errs.Invalid, "brand.image_pixels", "Choose an image with fewer pixels. It may have up to {most} million.", "most", mostPixels>>20)
	}
	src, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, "", size, notAnImage()
	}
	size = fit(src.Bounds().Size(), b)
	canvas := image.NewNRGBA(image.Rectangle{Max: size})
	draw.CatmullRom.Scale(canvas, canvas.Bounds(), src, src.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	if canvas.Opaque() && (format == "jpeg" || format == "webp") {
		kind, err = "jpg", jpeg.Encode(&out, canvas, &jpeg.Options{Quality: quality})
	} else {
		kind, err = "png", (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, canvas)
	}
	if err != nil {
		return nil, "", size, fmt.Errorf("encode a picture: %w", err)
	}
	if out.Len() > mostKept {
		return nil, "", size, errs.New(errs.Invalid, "brand.image_rich", "Choose a simpler or smaller image. This one takes too much room once it is made ready.")
	}
	return out.Bytes(), kind, size, nil
}

// fit shrinks a size to its bounds and keeps its shape.
func fit(size image.Point, b bounds) image.Point {
	if size.X > b.width {
		size = image.Pt(b.width, max(1, size.Y*b.width/size.X))
	}
	if size.Y > b.height {
		size = image.Pt(max(1, size.X*b.height/size.Y), b.height)
	}
	return size
}

func checkImage(name Image) error {
	if name != "" && !imageForm.MatchString(string(name)) {
		return errs.New(errs.Invalid, "brand.image_unknown", "Upload the image again. There is none of this name.")
	}
	return nil
}

// checkPicture is checkImage for what mails show.
func checkPicture(name Image) error {
	if name.Vector() {
		return errs.New(errs.Invalid, "brand.image_vector", "Choose a PNG or JPEG image. Programs that read mail show no SVG.")
	}
	return checkImage(name)
}

// Shown is a stylesheet or a picture as it is served.
type Shown struct {
	Type string
	Body []byte
}

// Show returns what a brand shows under a name: stylesheets of colours, and pictures that the brand of some account
// names. Both are for everybody to see.
func (s *Service) Show(ctx context.Context, name string) (Shown, error) {
	if css, ok := stylesheet(name); ok {
		return Shown{"text/css; charset=utf-8", css}, nil
	}
	if svg, ok := letterNamed(name); ok {
		return Shown{"image/svg+xml", svg}, nil
	}
	img := Image(name)
	if img == "" || checkImage(img) != nil {
		return Shown{}, errs.NoSuch("page")
	}
	id, err := shown(ctx, s.db, img)
	if errors.Is(err, db.ErrNoRows) {
		return Shown{}, errs.NoSuch("page")
	}
	if err != nil {
		return Shown{}, fmt.Errorf("find the picture %s: %w", name, err)
	}
	r, err := s.files.Open(ctx, id)
	if err != nil {
		return Shown{}, err
	}
	body, err := io.ReadAll(r)
	return Shown{map[string]string{"png": "image/png", "jpg": "image/jpeg", vector: "image/svg+xml"}[img.Kind()], body}, err
}

const (
	sweepEvery = time.Hour
	unusedFor  = 24 * time.Hour
)

// RegisterJobs lists the periodic work of brands.
func RegisterJobs(w *jobs.Workers, s *Service) {
	w.Periodic("brand.sweep", sweepEvery, s.sweep)
	w.Periodic(recheckJob, waitingEvery, s.recheck)
}

const recheckJob = "brand.recheck"

// sweep removes pictures that no brand has shown for a day.
func (s *Service) sweep(ctx context.Context) error {
	before := s.db.Now().Add(-unusedFor).UnixMilli()
	for {
		names, err := unused(ctx, s.db, before)
		if err != nil || len(names) == 0 {
			return err
		}
		if err := s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) error { return forget(ctx, tx, names, before) }); err != nil {
			return fmt.Errorf("remove pictures that no brand shows: %w", err)
		}
	}
}
