namespace Jumpbag.Databases.Dumps;

/// <summary>Whose statements a dump holds: where strings, comments and statements end differs.</summary>
public enum Dialect
{
    /// <summary>MariaDB and MySQL.</summary>
    MariaDb,
    Postgres,
}

public static class Dialects
{
    private static readonly byte[][] PostgresSigns = [.. new[]
    {
        "-- PostgreSQL database", "SET statement_timeout = ", "SET standard_conforming_strings = ", "\n\\connect ", "\n\\restrict ",
        "pg_catalog.", " FROM stdin;\n",
    }.Select(System.Text.Encoding.ASCII.GetBytes)];

    private static readonly byte[][] MariaDbSigns = [.. new[]
    {
        "-- MySQL dump", "-- MariaDB dump", "-- MySQL Shell", "-- phpMyAdmin SQL Dump", "/*!", "/*M!", "ENGINE=", "\nDELIMITER ", "INSERT INTO `", "CREATE TABLE `",
    }.Select(System.Text.Encoding.ASCII.GetBytes)];

    /// <summary>By the sign that comes first; null where there is none.</summary>
    public static Dialect? Detect(ReadOnlySpan<byte> head)
    {
        int postgres = First(head, PostgresSigns), mariaDb = First(head, MariaDbSigns);
        return postgres == mariaDb ? null : postgres < mariaDb ? Dialect.Postgres : Dialect.MariaDb;
    }

    private static int First(ReadOnlySpan<byte> head, byte[][] signs)
    {
        int first = int.MaxValue;
        foreach (byte[] sign in signs)
            if (head.IndexOf(sign) is >= 0 and var at)
                first = Math.Min(first, at);
        return first;
    }
}
