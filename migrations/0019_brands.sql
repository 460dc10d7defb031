-- Pictures of brands. The setting of an account names one; the name is made of its content, so accounts may share it.
CREATE TABLE brand_images (
  name    TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,   -- hash, size in pixels and kind: "3f2a...-320x80.png"
  file_id TEXT   NOT NULL,
  bytes   BIGINT NOT NULL,
  kept_at BIGINT NOT NULL
);
CREATE INDEX brand_images_kept_idx ON brand_images (kept_at);
CREATE INDEX brand_images_file_idx ON brand_images (file_id);

-- Who shows a picture.
CREATE INDEX settings_image_idx ON settings (value) WHERE name IN ('brand.logo', 'brand.header', 'brand.footer');
