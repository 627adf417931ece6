/** Pixels in rows from the top, each as red, green, blue and alpha. */
export interface Bitmap {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
}
