/// Letters that look like Latin ones and that compatibility decomposition leaves alone. Text and
/// phrases go through the same table, so a Russian phrase still finds Russian text.
enum Lookalikes {
    /// By scalar; taken before lower-casing.
    static let latin: [Unicode.Scalar: Unicode.Scalar] = {
        var table: [Unicode.Scalar: Unicode.Scalar] = [:]
        for (alike, plain) in pairs {
            for (from, to) in zip(alike.unicodeScalars, plain.unicodeScalars) { table[from] = to }
        }
        // Regional indicators; circled and squared letters, white on black.
        for base: UInt32 in [0x1F1E6, 0x1F150, 0x1F170, 0x1F130] {
            for offset: UInt32 in 0..<26 {
                guard let from = Unicode.Scalar(base + offset),
                    let to = Unicode.Scalar(0x61 + offset)
                else { continue }
                table[from] = to
            }
        }
        return table
    }()

    private static let pairs: [(String, String)] = [
        // Cyrillic.
        ("авеѕіјкмнорстухһԁԛԝьгпѵ", "abesijkmhopctyxhdqwbrnv"),
        ("АВЕЅІЈКМНОРСТУХҺԀԚԜЬГПѴ", "abesijkmhopctyxhdqwbrnv"),
        // Greek; its capitals look like other letters than its small ones.
        ("αβεικνορτυχωηγ", "abeikvoptuxwny"),
        ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abezhikmnoptyx"),
        // Armenian and Cherokee.
        ("օոսհցզաՕՍ", "onuhgqwou"),
        ("ᎪᏴᏟᎠᎬᎻᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᏃ", "abcdehjkimprstvwz"),
        // Latin letters with strokes, small capitals, phonetic letters.
        ("øØđĐłŁħĦŧŦıɪɡɢɑʟʀʏɴʜʙⱥɨʋƒ", "oOdDiIhHtTiiggairynhbaivf"),
        ("ᴀᴄᴅᴇꜰᴊᴋᴍᴏᴘꜱᴛᴜᴠᴡᴢ", "acdefjkmopstuvwz"),
    ]
}
