"""QR codes in pictures: zxing-cpp reads first, zbar gives a second opinion."""
