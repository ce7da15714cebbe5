using System.Security.Cryptography;
using System.Text;
using Jumpbag.Backup.Chunking;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Stores;

namespace Jumpbag.Tests.Unit.Backup;

/// <summary>Repositories whose password is not worth guessing: their keys are derived in no time, so that they can be opened hundreds of times.</summary>
internal static class CheapRepository
{
    private static readonly byte[] Password = "pass"u8.ToArray();
    private static readonly string Polynomial = RabinPolynomial.Random().ToString();

    public static BackupRepository Create(RepositoryStore store)
    {
        byte[] keys = RandomNumberGenerator.GetBytes(64), salt = RandomNumberGenerator.GetBytes(64), derived = Scrypt.Derive(Password, salt, 2, 1, 1, 64);
        string master = $$"""{"mac":{"k":"{{Text(keys[32..48])}}","r":"{{Text(keys[48..])}}"},"encrypt":"{{Text(keys[..32])}}"}""";
        using (RepositoryCipher cipher = Cipher(derived))
            SaveKey(store, $$"""{"kdf":"scrypt","N":2,"r":1,"p":1,"salt":"{{Text(salt)}}","data":"{{Text(cipher.Seal(Encoding.ASCII.GetBytes(master)))}}"}""");
        using (RepositoryCipher cipher = Cipher(keys))
            store.Save(FileKind.Config, "config", cipher.Seal(Encoding.ASCII.GetBytes($$"""{"version":2,"id":"{{Convert.ToHexStringLower(salt[..32])}}","chunker_polynomial":"{{Polynomial}}"}""")));
        return Open(store);
    }

    public static BackupRepository Open(RepositoryStore store) => BackupRepository.Open(store, Password, _ => { });

    private static RepositoryCipher Cipher(byte[] keys) => new(keys.AsMemory(0, 32), keys.AsMemory(32, 16), keys.AsMemory(48, 16));

    private static void SaveKey(RepositoryStore store, string json) => store.Save(FileKind.Key, StorageId.Of(Encoding.ASCII.GetBytes(json)).ToString(), Encoding.ASCII.GetBytes(json));

    private static string Text(byte[] bytes) => Convert.ToBase64String(bytes);
}
