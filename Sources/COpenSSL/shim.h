#pragma once
// SHA-256's own functions are marked deprecated in favour of EVP, which costs twice as much; Digest.swift gives the
// figures.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
