//! Features to an explained score.
