using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Jumpbag.Backup.Chunking;
using Jumpbag.Backup.Sources;
using Jumpbag.Backup.Stores;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using ZstdSharp;

namespace Jumpbag.Backup.Repository;

public sealed partial class BackupRepository
{
    private const int WrittenVersion = 2;

    /// <summary>The first byte of a file that is compressed.</summary>
    private const byte CompressedFile = 2;

    /// <summary>Makes a repository of version 2 where none is.</summary>
    /// <param name="polynomial">That of another repository, so that both have the same blobs; null: one of its own.</param>
    /// <exception cref="UnsupportedException">One is there.</exception>
    public static BackupRepository Create(RepositoryStore store, ReadOnlyMemory<byte> password, RabinPolynomial? polynomial, EventSink events)
    {
        OpenSsl.Require("a backup repository", "there is no other way into one");
        if (password.IsEmpty)
            throw new UnsupportedException($"{store.Place}: an empty password protects nothing", "write one into the password file: head -c 30 /dev/urandom | base64 >FILE");
        if (store.HasRepository())
            throw new UnsupportedException($"{store.Place}: a repository is there already", "choose another place; a repository is never written over");
        store.Prepare();
        RabinPolynomial chosen = polynomial ?? RabinPolynomial.Random();
        (byte[] key, RepositoryCipher master) = KeyFile.Create(password.Span, DateTimeOffset.UtcNow, ThisMachine.UserName, ThisMachine.HostName);
        try
        {
            store.Save(FileKind.Key, StorageId.Of(key).ToString(), key);
            // Last: a repository is there when its configuration is.
            store.Save(FileKind.Config, "config", master.Seal(Config(chosen)));
            return new(store, master, events) { Version = WrittenVersion, Polynomial = chosen };
        }
        catch
        {
            master.Dispose();
            throw;
        }
    }

    /// <summary>Saves a document that is a file of its own, compressed where the version has that, and sealed; its name.</summary>
    internal StorageId SaveFile(FileKind kind, ReadOnlySpan<byte> json)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Compressor.GetCompressBound(json.Length) + 1 + RepositoryCipher.Overhead);
        try
        {
            Span<byte> plain = buffer.AsSpan(RepositoryCipher.IvSize);
            int length = json.Length;
            if (Version >= 2)
            {
                using var compressor = new Compressor();
                plain[0] = CompressedFile;
                length = 1 + compressor.Wrap(json, plain[1..]);
            }
            else
            {
                json.CopyTo(plain);
            }
            Memory<byte> file = buffer.AsMemory(0, length + RepositoryCipher.Overhead);
            cipher.Seal(plain[..length], file.Span);
            StorageId id = StorageId.Of(file.Span);
            store.Save(kind, id.ToString(), file);
            return id;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Config(RabinPolynomial polynomial)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteNumber("version", WrittenVersion);
            json.WriteString("id", new StorageId(RandomNumberGenerator.GetBytes(StorageId.Size)).ToString());
            json.WriteString("chunker_polynomial", polynomial.ToString());
            json.WriteEndObject();
        }
        return text.WrittenSpan.ToArray();
    }
}
