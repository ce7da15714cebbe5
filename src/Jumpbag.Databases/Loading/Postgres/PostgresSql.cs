using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>Puts statements of PostgreSQL together from bytes, since names are in the session's encoding.</summary>
internal static class PostgresSql
{
    /// <summary>Text and bytes as they are, names in quotation marks.</summary>
    public static byte[] Join(params ReadOnlySpan<object> parts)
    {
        var sql = new MemoryStream();
        foreach (object part in parts)
        {
            switch (part)
            {
                case string text:
                    sql.Write(Encoding.UTF8.GetBytes(text));
                    break;
                case byte[] bytes:
                    sql.Write(bytes);
                    break;
                case ReadOnlyMemory<byte> memory:
                    sql.Write(memory.Span);
                    break;
                case ByteString name:
                    WriteQuoted(sql, name.Span, (byte)'"');
                    break;
                case ObjectName name:
                    if (name.Qualifier is { } qualifier)
                    {
                        WriteQuoted(sql, qualifier.Span, (byte)'"');
                        sql.WriteByte((byte)'.');
                    }
                    WriteQuoted(sql, name.Name.Span, (byte)'"');
                    break;
                default:
                    throw new ArgumentException($"{part.GetType()} is no part of a statement");
            }
        }
        return sql.ToArray();
    }

    /// <summary>E'…', which means the same whatever standard_conforming_strings is.</summary>
    public static byte[] Literal(ReadOnlySpan<byte> text)
    {
        var sql = new MemoryStream();
        sql.WriteByte((byte)'E');
        WriteQuoted(sql, text, (byte)'\'');
        return sql.ToArray();
    }

    private static void WriteQuoted(MemoryStream sql, ReadOnlySpan<byte> text, byte quote)
    {
        sql.WriteByte(quote);
        foreach (byte b in text)
        {
            sql.WriteByte(b);
            if (b == quote || (b == '\\' && quote == '\''))
                sql.WriteByte(b);
        }
        sql.WriteByte(quote);
    }
}
