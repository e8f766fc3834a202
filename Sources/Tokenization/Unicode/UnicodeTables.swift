/// The Unicode data that Hugging Face's `tokenizers` uses, as committed literals.
///
/// `scripts/make_unicode_tables.py` observes them from the library itself; they are of three Unicode versions, none of
/// which is the one of Swift's standard library, so that `Unicode.Scalar.Properties` can't be used in their place.
enum UnicodeTables {}
